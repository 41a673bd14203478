"""Firehose messages: event bodies as they are stored, and the frames that go out.

Source: atproto.com/specs/event-stream and the lexicon com.atproto.sync.subscribeRepos. A frame is
two DAG-CBOR maps back to back, a header and a body. A body is written in the transaction that made
the event, its `seq` is known only later, when the sequencer numbers it: so it is stored without the
number, and with the place where the number goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import cbrrr
import libipld

from protocol import cbor
from protocol.cid import LENGTH_BYTES

ERROR_OP = -1  # of the header; every other message has 1
_SEQ_KEY = b"\x63seq"
_SMALL_MAP = 0xA0  # a map of up to 23 keys: this plus their number
_MAX_HEADER_BYTES = 128  # `op` and `t`, the name of a message


class EventKind(IntEnum):
    """The kinds of numbered event, as stored."""

    COMMIT = 1
    SYNC = 2
    IDENTITY = 3
    ACCOUNT = 4


@dataclass(frozen=True, slots=True)
class RepoOp:
    """What a commit did to one record: `cid` is the record now, `prev` the one before.

    A created record has no `prev`, a deleted one no `cid`: ValueError otherwise.
    """

    action: Literal["create", "update", "delete"]
    path: str
    cid: bytes | None
    prev: bytes | None = None

    def __post_init__(self) -> None:
        if (self.cid is None) != (self.action == "delete"):
            raise ValueError(f"{self.action} of {self.path}: cid is for all but deleted records")
        if (self.prev is None) != (self.action == "create"):
            raise ValueError(f"{self.action} of {self.path}: prev is for all but created records")


@dataclass(frozen=True, slots=True)
class Body:
    """An event's body without its `seq`: the encoded integer goes into `data` at `seq_at`."""

    data: bytes
    seq_at: int


def _header(name: str) -> bytes:
    return cbor.encode({"op": 1, "t": f"#{name}"})


_HEADERS: dict[int, bytes] = {kind: _header(kind.name.lower()) for kind in EventKind}
_INFO_HEADER = _header("info")
_LABELS_HEADER = _header("labels")
_ERROR_HEADER = cbor.encode({"op": ERROR_OP})


def commit_body(  # noqa: PLR0913  (the lexicon's own fields, each one required)
    *,
    repo: str,
    commit: bytes,
    rev: str,
    since: str | None,
    blocks: bytes,
    ops: Sequence[RepoOp],
    prev_data: bytes | None,
    blobs: Iterable[bytes] = (),
    time: str,
) -> Body:
    """`#commit`: `blocks` is the CAR slice, `since` and `prev_data` are None on a first commit."""
    before = {"ops": [_op_map(op) for op in ops], "rev": rev}
    after: dict[str, Any] = {
        "repo": repo,
        "time": time,
        "blobs": [cbor.Link(blob) for blob in blobs],
        "since": since,
        "blocks": blocks,
        "commit": cbor.Link(commit),
        "rebase": False,
        "tooBig": False,
    }
    if prev_data is not None:
        after["prevData"] = cbor.Link(prev_data)
    return _body(before, after)


def sync_body(*, did: str, rev: str, blocks: bytes, time: str) -> Body:
    """`#sync`: `blocks` is a CAR with the commit block alone."""
    return _body({"did": did, "rev": rev}, {"time": time, "blocks": blocks})


def identity_body(*, did: str, time: str, handle: str | None = None) -> Body:
    """`#identity`: the DID document or the handle may have changed."""
    after = {"time": time}
    if handle is not None:
        after["handle"] = handle
    return _body({"did": did}, after)


def account_body(*, did: str, time: str, active: bool, status: str | None = None) -> Body:
    """`#account`: `status` says why an account is not active."""
    after: dict[str, Any] = {"time": time, "active": active}
    if status is not None:
        after["status"] = status
    return _body({"did": did}, after)


def frame(kind: int, body: bytes, seq_at: int, seq: int) -> bytes:
    """The message to send for a stored body once it has its number."""
    return b"".join((_HEADERS[kind], body[:seq_at], cbor.encode_own(seq), body[seq_at:]))


def labels(label: bytes, seq: int) -> bytes:
    """`#labels` of com.atproto.label.subscribeLabels: one encoded label with its number."""
    parts = (_LABELS_HEADER, b"\xa2", _SEQ_KEY, cbor.encode_own(seq), b"\x66labels\x81", label)
    return b"".join(parts)


def info(name: str, message: str | None = None) -> bytes:
    """The `#info` message, which has no number: `OutdatedCursor`."""
    return _INFO_HEADER + cbor.encode(_named("name", name, message))


def error(name: str, message: str | None = None) -> bytes:
    """The last message before the server closes: `FutureCursor`, `ConsumerTooSlow`."""
    return _ERROR_HEADER + cbor.encode(_named("error", name, message))


def parse(message: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and body of a frame; CborError when it is not two strict DAG-CBOR maps, or when the
    header does not say what the body is."""
    try:
        # cbrrr takes canonical bytes alone, so writing the header again gives its length.
        values = cbrrr.decode_multi_dag_cbor_in_violation_of_the_spec(message[:_MAX_HEADER_BYTES])
        header_bytes = len(cbrrr.encode_dag_cbor(next(values)))
    except (ValueError, StopIteration) as fault:
        raise cbor.CborError(f"not a frame: {fault}") from fault
    header, body = cbor.decode(message[:header_bytes]), cbor.decode(message[header_bytes:])
    if not isinstance(header, dict) or not isinstance(body, dict):
        raise cbor.CborError("a frame's header and body are maps")
    match header:
        case {"op": 1, "t": str()} | {"op": -1}:  # ERROR_OP
            return header, body
    raise cbor.CborError("a frame's header names a message or an error")


def without_seq(fields: Mapping[str, Any]) -> Body:
    """A message's body of any kind, read elsewhere, as we store it: less its `seq`. Canonical order
    is shorter keys first."""
    before = {key: fields[key] for key in fields if (len(key), key) < (3, "seq")}
    after = {key: fields[key] for key in fields if (len(key), key) > (3, "seq")}
    return _body(before, after)


def blocks_of(body: Body) -> dict[bytes, bytes]:
    """The CAR slice of a stored commit body of our own, by CID and unverified: its newest nodes.

    Made to be quick (a few microseconds): the next commit on the repo begins by reading these.
    """
    # What follows `seq` is a map of its own but for the head: all keys less ops, rev and seq.
    tail = bytes((body.data[0] - 3,)) + body.data[body.seq_at :]
    return slice_blocks(libipld.decode_dag_cbor(tail)["blocks"])


def slice_blocks(car_slice: bytes) -> dict[bytes, bytes]:
    """The blocks of a CAR slice that was checked before, by CID."""
    blocks = {}
    length, at = _varint(car_slice, 0)
    at += length
    while at < len(car_slice):
        length, at = _varint(car_slice, at)
        end = at + length
        blocks[car_slice[at : at + LENGTH_BYTES]] = car_slice[at + LENGTH_BYTES : end]
        at = end
    return blocks


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 integer and the offset after it."""
    byte = data[at]
    value = byte & 0x7F
    shift = 7
    while byte & 0x80:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
    return value, at + 1


def _body(before: Mapping[str, Any], after: Mapping[str, Any]) -> Body:
    """One map from the keys that sort before `seq` and those that sort after it, `seq` left out."""
    head, tail = cbor.encode_own(before), cbor.encode_own(after)
    size = _SMALL_MAP + len(before) + 1 + len(after)
    data = b"".join((bytes((size,)), head[1:], _SEQ_KEY, tail[1:]))
    return Body(data, len(head) + len(_SEQ_KEY))


def _op_map(op: RepoOp) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "action": op.action,
        "path": op.path,
        "cid": cbor.Link(op.cid) if op.cid is not None else None,
    }
    if op.prev is not None:
        fields["prev"] = cbor.Link(op.prev)
    return fields


def _named(key: str, name: str, message: str | None) -> dict[str, str]:
    return {key: name} if message is None else {key: name, "message": message}
