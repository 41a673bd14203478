"""Finding the account that somebody talks about: by handle, DID or at-URI, within given hosts."""

from dataclasses import dataclass

from accounts.models import Account
from hosting.models import HostQuerySet
from protocol.syntax import AtUri, InvalidSyntax, is_did, is_handle, normalize_handle
from repos.models import Record, Repo


@dataclass(frozen=True)
class Found:
    """An account, its repository (none before it opens) and the record an at-URI pointed at."""

    account: Account
    repo: Repo | None
    record: Record | None


def find(hosts: HostQuerySet, text: str) -> Found | None:
    """Look up `text` (a handle with or without @, a DID, or an at-URI) among `hosts`.

    Returns None for what does not exist and for what is another tenant's: the two must look alike.
    """
    text = text.strip()
    uri = _at_uri(text)
    account = _account(hosts, uri.authority if uri else text)
    if account is None:
        return None
    repo = Repo.objects.filter(pk=account.pk).first()
    return Found(account, repo, _record(repo, uri))


def _at_uri(text: str) -> AtUri | None:
    if not text.startswith("at://"):
        return None
    try:
        return AtUri.parse(text)
    except InvalidSyntax:
        return None


def _account(hosts: HostQuerySet, who: str) -> Account | None:
    accounts = Account.objects.filter(host__in=hosts).select_related("host__tenant")
    if is_did(who):
        return accounts.filter(did=who).first()
    handle = who.removeprefix("@")
    return accounts.filter(handle=normalize_handle(handle)).first() if is_handle(handle) else None


def _record(repo: Repo | None, uri: AtUri | None) -> Record | None:
    if repo is None or uri is None or not uri.rkey:
        return None
    return Record.objects.filter(repo_id=repo.pk, collection=uri.collection, rkey=uri.rkey).first()
