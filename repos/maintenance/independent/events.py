"""Firehose messages by cbor2: a frame's header and body, in the lexicon's shape.

Source: atproto.com/specs/event-stream; the lexicon com.atproto.sync.subscribeRepos.
"""

from dataclasses import dataclass
from typing import Any, Final

from repos.maintenance.independent import blocks, commits
from repos.maintenance.independent.blocks import Malformed

OPS_MAX: Final = 200
# Of each message: the fields that it must have. Other messages are for a later version.
_FIELDS: Final[dict[str, dict[str, type]]] = {
    "#commit": {"repo": str, "rev": str, "blocks": bytes, "ops": list, "time": str},
    "#sync": {"did": str, "rev": str, "blocks": bytes, "time": str},
    "#identity": {"did": str, "time": str},
    "#account": {"did": str, "time": str, "active": bool},
    "#info": {"name": str},
}


class RemoteError(Exception):
    """The stream's own last word: an error's name and message."""


@dataclass(frozen=True)
class Op:
    """What a commit did to a record; CIDs are of the record now and the one before."""

    action: str
    path: str
    cid: bytes | None
    prev: bytes | None


@dataclass(frozen=True)
class Event:
    """A message. `seq` is 0 for those without a number, `did` empty for those about nobody."""

    kind: str
    seq: int
    did: str
    rev: str
    body: dict[str, Any]
    ops: tuple[Op, ...] = ()


def read(frame: bytes) -> Event:
    """A message from its frame. Raises Malformed, RemoteError."""
    header, rest = blocks.decode_first(frame)
    body = blocks.decode(rest)
    if not isinstance(header, dict) or not isinstance(body, dict):
        raise Malformed("a header and a body are maps")
    if header.get("op") == -1:
        raise RemoteError(f"{body.get('error')}: {body.get('message', '')}")
    kind = header.get("t")
    if header.get("op") != 1 or not isinstance(kind, str):
        raise Malformed("not the header of a message")
    for name, wanted in _FIELDS.get(kind, {}).items():
        if type(body.get(name)) is not wanted:
            raise Malformed(f"{kind} without its {name}")
    seq, did = body.get("seq", 0), body.get("repo", body.get("did", ""))
    if type(seq) is not int or (kind in _FIELDS and (seq > 0) == (kind == "#info")):
        raise Malformed(f"{kind} without its seq")
    rev = body.get("rev", "")
    if rev and not commits.is_tid(rev):
        raise Malformed(f"{kind} with a rev that is no TID")
    ops = tuple(map(_op, body["ops"])) if kind == "#commit" else ()
    if len(ops) > OPS_MAX:
        raise Malformed(f"{kind} with {len(ops)} ops")
    return Event(kind, seq, did if isinstance(did, str) else "", rev, body, ops)


def _op(value: Any) -> Op:
    match value:
        case {"action": "create" | "update" | "delete" as action, "path": str(path)}:
            cid, prev = (_maybe_linked(value.get(name)) for name in ("cid", "prev"))
            return Op(action, path, cid, prev)
    raise Malformed("not an op of a commit")


def _maybe_linked(value: object) -> bytes | None:
    return None if value is None else blocks.linked(value)
