"""Look-up of an account by handle, DID or at-URI, within given hosts."""

from dataclasses import dataclass

from django.db.models import F

from accounts.models import Account
from hosting.models import HostQuerySet
from protocol import cid
from protocol.syntax import AtUri, InvalidSyntax, is_did, is_handle, normalize_handle
from repos.blobs.types import declared_types
from repos.lifecycle import record_takedowns
from repos.models import Blob, Record, Repo
from repos.reads import repos


@dataclass(frozen=True)
class Found:
    """An account, its repository (none before it opens) and the record an at-URI pointed at."""

    account: Account
    repo: Repo | None
    record: Record | None


@dataclass(frozen=True)
class NamedBlob:
    """A blob that the record in view names, as far as its bytes are here."""

    link: str  # its CID
    mime_type: str
    is_quarantined: bool


def blobs_of(found: Found) -> list[NamedBlob]:
    """The blobs that the record in view names and that somebody uploaded."""
    if found.repo is None or found.record is None:
        return []
    named = list(declared_types.named_in(bytes(found.record.data)))
    uploads = Blob.objects.filter(repo_id=found.repo.pk, cid__in=named).order_by("cid")
    return [_named(blob) for blob in uploads]


def is_record_down(found: Found) -> bool:
    """Whether the record in view is hidden from readers."""
    if found.repo is None or found.record is None:
        return False
    repo = repos.find_repo(found.account.host, found.account.did)
    state = record_takedowns.state(repo, found.record.collection, found.record.rkey)
    return state is not None and state.ref is not None


def has_record(account: Account, path: str) -> bool:
    """Whether the account's repo holds this record (`collection/rkey`)."""
    collection, _slash, rkey = path.partition("/")
    if "\0" in path:  # Postgres has no text with it
        return False
    return Record.objects.filter(repo_id=account.pk, collection=collection, rkey=rkey).exists()


def find(hosts: HostQuerySet, text: str) -> Found | None:
    """Look up `text` among `hosts`: a handle (with @ or not), a DID, an e-mail address, an at-URI.

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
        return _as_it_lies(text)


def _as_it_lies(text: str) -> AtUri | None:
    """The name of a record under a path that no repo may hold (repos.maintenance.invalid_paths):
    staff must be able to see and hide what readers of whole repos get."""
    authority, *path = text.removeprefix("at://").split("/", 2)
    return AtUri(authority, *path) if len(path) == 2 else None


def _account(hosts: HostQuerySet, who: str) -> Account | None:
    # While somebody moves between two hosts in view both have an account: the active one counts.
    rest_last = F("deactivated_at").asc(nulls_first=True)
    in_view = Account.objects.filter(host__in=hosts).order_by(rest_last, "-id")
    accounts = in_view.select_related("host__tenant")
    if is_did(who):
        return accounts.filter(did=who).first()
    if "@" in who[1:]:
        return accounts.filter(email=who.lower()).first()
    handle = who.removeprefix("@")
    return accounts.filter(handle=normalize_handle(handle)).first() if is_handle(handle) else None


def _record(repo: Repo | None, uri: AtUri | None) -> Record | None:
    if repo is None or uri is None or not uri.rkey:
        return None
    return Record.objects.filter(repo_id=repo.pk, collection=uri.collection, rkey=uri.rkey).first()


def _named(blob: Blob) -> NamedBlob:
    is_quarantined = blob.state == Blob.State.QUARANTINED
    return NamedBlob(cid.to_text(bytes(blob.cid)), blob.mime_type, is_quarantined)
