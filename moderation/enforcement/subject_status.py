"""The status of a subject: an account, one record of it, or one blob of it.

Source: com.atproto.admin.getSubjectStatus and updateSubjectStatus. Every change goes through
`takedowns` (and so into the audit log); what is read is what readers are refused for.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from accounts.lifecycle import activation
from accounts.models import Account
from accounts.status import AccountNotFound
from hosting.models import HostQuerySet
from moderation import audit
from moderation.audit import Actor
from moderation.enforcement import takedowns
from moderation.models import AuditEntry
from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from protocol.syntax import AtUri, InvalidSyntax
from repos.blobs import quarantine
from repos.blobs.blobs import BlobNotFound
from repos.lifecycle import record_takedowns
from repos.reads import repos

_UNNAMEABLE = (
    "The subject's uri is not a valid AT-URI. A record whose path no AT-URI can name is looked up"
    " and taken down at the console"
)


class SubjectNotFound(XrpcError):
    """400: no such account, record or blob at this host."""

    name = "NotFound"
    message = "Subject not found"


class Contradiction(XrpcError):
    """400: nobody can be taken down and woken in one breath."""

    message = "Cannot activate and takedown an account at the same time"


@dataclass(frozen=True)
class Mark:
    """A state that is applied or not. `ref` is the mark of whoever applied it."""

    is_applied: bool
    ref: str = ""


def find_account(hosts: HostQuerySet, did_or_handle: str) -> Account:
    """An account of one of these hosts, whatever its status. Raises SubjectNotFound.

    While somebody moves between two of them both have an account: the active one counts.
    """
    rest_last = F("deactivated_at").asc(nulls_first=True)
    accounts = Account.objects.at(hosts).open().select_related("host__tenant")
    account = accounts.named(did_or_handle).order_by(rest_last, "-id").first()
    if account is None:
        raise SubjectNotFound
    return account


def of_account(account: Account) -> tuple[Mark, Mark]:
    """Taken down? Deactivated?"""
    takedown = Mark(account.taken_down_at is not None, account.takedown_ref)
    return takedown, Mark(account.deactivated_at is not None)


def of_record(account: Account, path: str) -> tuple[str, Mark]:
    """The CID (text) of a record (`collection/rkey`) and whether it is taken down.

    Raises SubjectNotFound.
    """
    collection, _slash, rkey = path.partition("/")
    state = record_takedowns.state(_repo(account), collection, rkey)
    if state is None:
        raise SubjectNotFound
    return cid.to_text(state.cid), Mark(state.ref is not None, state.ref or "")


def of_blob(account: Account, blob_cid: bytes) -> Mark:
    """Whether a blob is taken down. Raises SubjectNotFound."""
    try:
        is_down = quarantine.is_quarantined(_repo(account), blob_cid)
    except BlobNotFound:
        raise SubjectNotFound from None
    if not is_down:
        return Mark(is_applied=False)
    entries = AuditEntry.objects.filter(host=account.host, subject_did=account.did)
    about = entries.filter(
        subject_cid=cid.to_text(blob_cid), action=AuditEntry.Action.BLOB_TAKE_DOWN
    )
    entry = about.first()  # the newest
    return Mark(is_applied=True, ref=(entry.ref or str(entry.pk)) if entry else "")


def set_account(
    actor: Actor, account: Account, takedown: Mark | None, deactivated: Mark | None, reason: str
) -> None:
    """Take down or restore, deactivate or activate; what is None stays as it is.

    A repetition changes nothing and is announced again. Call outside of any transaction: waking an
    account asks the directory first. Raises Contradiction, AccountNotFound for waking one that is
    taken down, and the errors of `activation.activate`.
    """
    wakes = deactivated is not None and not deactivated.is_applied
    if wakes and takedown is not None and takedown.is_applied:
        raise Contradiction
    if wakes and takedown is None and account.taken_down_at is not None:
        raise AccountNotFound
    if takedown is not None:
        _set_takedown(actor, account, takedown, reason)
        account.refresh_from_db()
    if wakes:
        action = AuditEntry.Action.ACCOUNT_ACTIVATE
        with audit.outside_of_a_transaction(actor, account, action, reason):
            activation.activate(account)
    elif deactivated is not None:
        with transaction.atomic():
            activation.deactivate(account)
            audit.record(actor, account, AuditEntry.Action.ACCOUNT_DEACTIVATE, reason)


def set_record(actor: Actor, account: Account, path: str, takedown: Mark, reason: str) -> None:
    """Hide a record or show it again."""
    if takedown.is_applied:
        takedowns.take_down_record(actor, account, path, reason, takedown.ref)
    else:
        takedowns.restore_record(actor, account, path, reason)


def set_blob(actor: Actor, account: Account, blob_cid: bytes, takedown: Mark, reason: str) -> None:
    """Take a blob down or give it back. Raises BlobNotFound."""
    if takedown.is_applied:
        takedowns.take_down_blob(actor, account, blob_cid, reason, takedown.ref)
    else:
        takedowns.restore_blob(actor, account, blob_cid, reason)


def record_path(uri: str) -> tuple[str, str]:
    """`at://did/collection/rkey` -> (authority, `collection/rkey`). Raises SubjectNotFound for one
    that names no record, InvalidRequest for what is no AT-URI."""
    try:
        parsed = AtUri.parse(uri)
    except InvalidSyntax as fault:
        raise InvalidRequest(_UNNAMEABLE) from fault
    if not parsed.collection or not parsed.rkey:
        raise SubjectNotFound
    return parsed.authority, f"{parsed.collection}/{parsed.rkey}"


def _set_takedown(actor: Actor, account: Account, takedown: Mark, reason: str) -> None:
    if takedown.is_applied:
        takedowns.take_down(actor, account, reason, takedown.ref)
    else:
        takedowns.restore(actor, account, reason)


def _repo(account: Account) -> repos.RepoRow:
    return repos.find_repo(account.host, account.did)
