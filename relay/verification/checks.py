"""Checks of one event by itself: its form, its sizes, its signature, its operations.

The limits are the specification's: 2,000,000 bytes of blocks, 200 operations, 10,000 bytes of a
#sync, a rev at most five minutes ahead.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol import car, cbor, tid
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind, RepoOp
from protocol.keys import PublicKey
from protocol.mst import MissingBlock, MstError
from protocol.repo import commit, inversion
from protocol.syntax import is_record_path, is_tid
from relay.verification.reasons import Reason

MAX_BLOCKS_BYTES: Final = 2_000_000
MAX_SYNC_BYTES: Final = 10_000
MAX_OPS: Final = 200
_ACTIONS: Final = ("create", "update", "delete")
AHEAD_US: Final = 300_000_000
_FIELDS: Final = {
    EventKind.COMMIT: frozenset({
        "ops", "rev", "seq", "repo", "time", "blobs", "since", "blocks", "commit", "rebase",
        "tooBig", "prevData",
    }),
    EventKind.SYNC: frozenset({"did", "rev", "seq", "time", "blocks"}),
    EventKind.IDENTITY: frozenset({"did", "seq", "time", "handle"}),
    EventKind.ACCOUNT: frozenset({"did", "seq", "time", "active", "status"}),
}  # fmt: skip


class Rejected(Exception):
    """The event breaks a rule."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Checked:
    """What an event says, after its checks; bytes are CIDs. `body` is without `seq`."""

    body: bytes
    seq_at: int
    rev: str = ""
    head: bytes = b""
    data: bytes = b""
    prev_data: bytes | None = None
    since: str = ""
    is_active: bool = True
    status: str = ""


def check(kind: EventKind, body: bytes, key: str, *, keeps_handle: bool = True) -> Checked:
    """Check an event with its account's did:key, which only commits and #sync need.

    Fields that the lexicon does not have are left out, the others go on byte for byte. Raises
    Rejected.
    """
    fields = _decoded(body)
    stored = _stored(kind, fields, keeps_handle=keeps_handle)
    try:
        return _CHECKS[kind](fields, stored, key)
    except KeyError as missing:
        raise Rejected(Reason.MALFORMED, f"without {missing}") from missing


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        fields = cbor.decode(body)
    except cbor.CborError as fault:
        raise Rejected(Reason.MALFORMED, str(fault)) from fault
    if not isinstance(fields, dict) or not isinstance(fields.get("time"), str):
        raise Rejected(Reason.MALFORMED, "an event has a time")
    return fields


def _stored(kind: EventKind, fields: Mapping[str, Any], *, keeps_handle: bool) -> frames.Body:
    left_out = {"seq"} if keeps_handle else {"seq", "handle"}
    known = _FIELDS[kind] - left_out
    return frames.without_seq({name: fields[name] for name in fields if name in known})


def _commit(fields: Mapping[str, Any], stored: frames.Body, key: str) -> Checked:
    blocks, since = fields["blocks"], fields["since"]
    if not isinstance(blocks, bytes) or not isinstance(fields["ops"], list):
        raise Rejected(Reason.MALFORMED, "blocks are bytes, ops a list")
    if since is not None and not (isinstance(since, str) and is_tid(since)):
        raise Rejected(Reason.MALFORMED, "since is a TID or null")
    if len(blocks) > MAX_BLOCKS_BYTES or len(fields["ops"]) > MAX_OPS or fields["tooBig"]:
        raise Rejected(Reason.TOO_LARGE, f"{len(blocks)} bytes, {len(fields['ops'])} ops")
    prev_data = _cid(fields["prevData"]) if "prevData" in fields else None
    ops = _ops(fields["ops"])
    head = _cid(fields["commit"])
    found, signed = _signed(blocks, head, fields["repo"], fields["rev"], key)
    _check_ops(found, signed, ops, prev_data)
    return Checked(*_parts(stored), signed.rev, head, signed.data, prev_data, since or "")


def _sync(fields: Mapping[str, Any], stored: frames.Body, key: str) -> Checked:
    blocks = fields["blocks"]
    if not isinstance(blocks, bytes):
        raise Rejected(Reason.MALFORMED, "blocks are bytes")
    if len(blocks) > MAX_SYNC_BYTES:
        raise Rejected(Reason.TOO_LARGE, f"{len(blocks)} bytes in a #sync")
    archive = _archive(blocks)
    if len(archive.roots) != 1:
        raise Rejected(Reason.BAD_COMMIT, "the CAR has one root, the commit")
    head = archive.roots[0]
    _, signed = _signed(blocks, head, fields["did"], fields["rev"], key)
    return Checked(*_parts(stored), signed.rev, head, signed.data)


def _identity(fields: Mapping[str, Any], stored: frames.Body, _key: str) -> Checked:
    if not isinstance(fields.get("handle", ""), str):
        raise Rejected(Reason.MALFORMED, "a handle is text")
    return Checked(*_parts(stored))


def _account(fields: Mapping[str, Any], stored: frames.Body, _key: str) -> Checked:
    active, status = fields["active"], fields.get("status", "")
    if not isinstance(active, bool) or not isinstance(status, str):
        raise Rejected(Reason.MALFORMED, "active is a boolean, status a text")
    return Checked(*_parts(stored), is_active=active, status=status)


_CHECKS: Final = {
    EventKind.COMMIT: _commit,
    EventKind.SYNC: _sync,
    EventKind.IDENTITY: _identity,
    EventKind.ACCOUNT: _account,
}


def _parts(stored: frames.Body) -> tuple[bytes, int]:
    return stored.data, stored.seq_at


def _archive(blocks: bytes) -> car.Car:
    try:
        return car.read(blocks)
    except car.CarError as fault:
        raise Rejected(Reason.BAD_COMMIT, str(fault)) from fault


def _signed(
    blocks: bytes, head: bytes, did: str, rev: str, key: str
) -> tuple[dict[bytes, bytes], commit.Commit]:
    """The blocks, and the commit in them, signed and saying the same as the message."""
    found = _archive(blocks).blocks
    try:
        signed = commit.parse(found[head])
    except KeyError:
        raise Rejected(Reason.BAD_COMMIT, "the commit is not among the blocks") from None
    except cbor.CborError as fault:
        raise Rejected(Reason.BAD_COMMIT, str(fault)) from fault
    if signed.did != did or signed.rev != rev:
        raise Rejected(Reason.BAD_COMMIT, "the commit is of another repo or rev")
    if tid.decode(signed.rev)[0] > time.time_ns() // 1_000 + AHEAD_US:
        raise Rejected(Reason.FUTURE_REV, signed.rev)
    if not signed.verify(PublicKey.from_did_key(key)):
        raise Rejected(Reason.BAD_SIGNATURE, "not signed by the account's key")
    return found, signed


def _check_ops(
    found: Mapping[bytes, bytes],
    signed: commit.Commit,
    ops: list[RepoOp],
    prev_data: bytes | None,
) -> None:
    """Where a commit names what it follows, its operations lead back there."""
    if missing := next((op for op in ops if op.cid is not None and op.cid not in found), None):
        raise Rejected(Reason.BAD_OPS, f"without the record of {missing.path}")
    try:
        before = inversion.invert(found, signed.data, ops)
    except (MstError, MissingBlock) as fault:
        raise Rejected(Reason.BAD_OPS, f"{type(fault).__name__}: {fault}") from fault
    if prev_data is not None and before != prev_data:
        raise Rejected(Reason.BAD_OPS, "the operations do not lead back to prevData")


def _ops(listed: list[Any]) -> list[RepoOp]:
    paths: set[str] = set()
    ops = []
    for each in listed:
        path = each.get("path") if isinstance(each, dict) else None
        if not isinstance(path, str) or not is_record_path(*path.partition("/")[::2]):
            raise Rejected(Reason.MALFORMED, "an op has the path of a record")
        cid, prev = each.get("cid"), each.get("prev")
        if path in paths:
            raise Rejected(Reason.BAD_OPS, "two ops for one record")
        if each["action"] not in _ACTIONS:
            raise Rejected(Reason.BAD_OPS, "an op creates, updates or deletes")
        paths.add(path)
        try:
            ops.append(RepoOp(each["action"], path, _or_none(cid), _or_none(prev)))
        except ValueError as fault:
            raise Rejected(Reason.BAD_OPS, str(fault)) from fault
    return ops


def _or_none(link: object) -> bytes | None:
    return None if link is None else _cid(link)


def _cid(link: object) -> bytes:
    if not isinstance(link, cbor.Link):
        raise Rejected(Reason.MALFORMED, "a CID is a link")
    raw: bytes = link.cid_bytes
    return raw
