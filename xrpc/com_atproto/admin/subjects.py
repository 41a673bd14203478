"""com.atproto.admin.*: the status of an account, a record or a blob.

Source: com.atproto.admin.getSubjectStatus and updateSubjectStatus. A subject comes back as it was
named; the wire's `{applied, ref}` is `moderation.enforcement.subject_status.Mark`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import Account, account_lookups
from moderation.enforcement import subject_status
from moderation.enforcement.subject_status import Mark, SubjectNotFound
from protocol import cid
from protocol.errors import InvalidRequest
from server.database.prepared import Question, Row
from xrpc.auth.declared import Auth
from xrpc.auth.staff import IS_ADMIN
from xrpc.auth.subjects import actor, subject_of_staff
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead

_REPO = "com.atproto.admin.defs#repoRef"
_RECORD = "com.atproto.repo.strongRef"
_BLOB = "com.atproto.admin.defs#repoBlobRef"
_RECORD_TOO = "com.atproto.repo.strongRef#main"  # the same, spelled out
_NSID = "com.atproto.admin.updateSubjectStatus"


def _ask_for_account(call: SmallCall) -> Question | None:
    """An account's status alone."""
    did, uri, blob = (call.params.get(name) for name in ("did", "uri", "blob"))
    if not did or uri or blob:
        return None
    return account_lookups.ask_if(call.host, [did], IS_ADMIN, call.admin_hash)


def _own_account(call: SmallCall, rows: Sequence[Row]) -> Mapping[str, Any] | None:
    return _status_of(account_lookups.of_row(call.host, rows[0])) if rows else None


@query(
    "com.atproto.admin.getSubjectStatus",
    auth=Auth.moderator(),
    pool="moderation",
    small=SmallRead(_ask_for_account, _own_account),
)
def get_subject_status(call: Call) -> Answer:
    did, uri, blob = (call.params.get(name) for name in ("did", "uri", "blob"))
    if blob:
        if not did:
            raise InvalidRequest("Must provide a did to request blob state")
        return _blob_status(call, did, blob)
    if uri:
        return _record_status(call, uri)
    if did:
        return _account_status(call, did)
    raise InvalidRequest("No provided subject")


@procedure(_NSID, auth=Auth.moderator(), pool="moderation")
def update_subject_status(call: Call) -> Answer:
    subject, takedown = call.input["subject"], _mark(call.input.get("takedown"))
    kind = subject.get("$type")
    if kind == _REPO:
        _update_account(call, subject["did"], takedown)
    elif kind in (_RECORD, _RECORD_TOO):
        _update_record(call, subject["uri"], takedown)
    elif kind == _BLOB:
        _update_blob(call, subject, takedown)
    else:
        raise InvalidRequest("Invalid subject")
    answer = {"subject": subject}
    return {**answer, "takedown": call.input["takedown"]} if takedown else answer


def _account_status(call: Call, did: str) -> Mapping[str, Any]:
    return _status_of(subject_of_staff(call, did))


def _status_of(account: Account) -> Mapping[str, Any]:
    takedown, deactivated = subject_status.of_account(account)
    return {
        "subject": {"$type": _REPO, "did": account.did},
        "takedown": _wire(takedown),
        "deactivated": _wire(deactivated),
    }


def _record_status(call: Call, uri: str) -> Mapping[str, Any]:
    authority, path = subject_status.record_path(uri)
    account = subject_of_staff(call, authority)
    link, takedown = subject_status.of_record(account, path)
    subject = {"$type": _RECORD, "uri": uri, "cid": link}
    return {"subject": subject, "takedown": _wire(takedown)}


def _blob_status(call: Call, did: str, blob: str) -> Mapping[str, Any]:
    account = subject_of_staff(call, did)
    takedown = subject_status.of_blob(account, _cid(blob))
    return {"subject": {"$type": _BLOB, "did": did, "cid": blob}, "takedown": _wire(takedown)}


def _update_account(call: Call, did: str, takedown: Mark | None) -> None:
    account = subject_of_staff(call, did)
    deactivated = _mark(call.input.get("deactivated"))
    subject_status.set_account(actor(call), account, takedown, deactivated, _NSID)


def _update_record(call: Call, uri: str, takedown: Mark | None) -> None:
    authority, path = subject_status.record_path(uri)
    account = subject_of_staff(call, authority)
    if takedown:
        subject_status.set_record(actor(call), account, path, takedown, _NSID)


def _update_blob(call: Call, subject: Mapping[str, Any], takedown: Mark | None) -> None:
    account = subject_of_staff(call, subject["did"])
    if takedown:
        subject_status.set_blob(actor(call), account, _cid(subject["cid"]), takedown, _NSID)


def _mark(attribute: Mapping[str, Any] | None) -> Mark | None:
    return Mark(attribute["applied"], attribute.get("ref", "")) if attribute else None


def _wire(mark: Mark) -> dict[str, Any]:
    state: dict[str, Any] = {"applied": mark.is_applied}
    return {**state, "ref": mark.ref} if mark.is_applied and mark.ref else state


def _cid(text: str) -> bytes:
    """The lexicon lets any CID pass; blobs here have raw ones. Raises SubjectNotFound."""
    try:
        return cid.from_text(text)
    except cid.InvalidCid:
        raise SubjectNotFound from None
