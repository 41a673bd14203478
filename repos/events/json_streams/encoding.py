"""A stored event as JSON, written once a process and told to each subscriber in its shape.

A frame of these streams is what the ring holds: the event's parts (one for each record that a
commit touched), a line each, with what filters look at in front of the JSON. JSON writes no line
feed and no tab inside, so that a frame is taken apart without being parsed. A part's moment is when
its event was stored, in microseconds, and a record's place in the commit besides: so that records
of one commit have different moments, in their order.

Source: the wire of github.com/bluesky-social/jetstream (README of version 1; lexicon
network.bsky.jetstream.subscribeEvents of version 2, framed as proposal 0015 has it).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import libipld
import orjson
import structlog

from protocol import atjson, cbor, cid
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind

EVENTS_NSID: Final = "network.bsky.jetstream.subscribeEvents"
COMMIT, SYNC = b"commit", b"sync"
KINDS: Final = (COMMIT, b"identity", b"account", SYNC)
_NAMES: Final = {kind: kind.name.lower().encode() for kind in EventKind}
_TYPED: Final = {kind: f'"$type":"{EVENTS_NSID}#{kind.decode()}"'.encode() for kind in KINDS}
_LINE: Final = b"%b\t%b\t%b\t%d\t%d\t%b"  # a Part
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


logger = structlog.stdlib.get_logger(__name__)


class Part(NamedTuple):
    """One event of a JSON stream. `inner` is the JSON of what the kind's own object holds, without
    its braces; `collection` is empty but for commits."""

    kind: bytes
    did: bytes
    collection: bytes
    time_us: bytes
    seq: bytes
    inner: bytes


def frame(kind: int, body: bytes, seq_at: int, stored_at: datetime, seq: int) -> bytes:
    """The frame of a stored event (repos.events.append) that was numbered; empty for one that
    touched no record."""
    whole = b"".join((body[:seq_at], cbor.encode_own(seq), body[seq_at:]))
    try:
        return _lines(kind, whole, microseconds(stored_at), seq)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        # One event that nobody can read must not end the stream of all others.
        logger.exception("an event has no JSON form", cursor=seq, kind=kind)
        return b""


def parts(of_frame: bytes) -> Iterator[Part]:
    """The parts of a frame in their order."""
    if of_frame:
        for line in of_frame.split(b"\n"):
            yield Part(*line.split(b"\t", 5))


def message(part: Part) -> bytes | None:
    """The text (UTF-8) of a part as jetstream's version 1 writes it; None of what it leaves out."""
    if part.kind == SYNC:
        return None
    return b'{"did":"%b","time_us":%b,"kind":"%b","%b":{%b}}' % (
        part.did,
        part.time_us,
        part.kind,
        part.kind,
        part.inner,
    )


def enveloped(part: Part) -> bytes:
    """The text of a part as a message of EVENTS_NSID, in proposal 0015's envelope."""
    inner = part.inner if part.kind == COMMIT else b'"%b":{%b}' % (part.kind, part.inner)
    return b'{"$type":"message","payload":{%b,"seq":%b,"did":"%b","time":"%b",%b}}' % (
        _TYPED[part.kind],
        part.seq,
        part.did,
        _written(int(part.time_us)),
        inner,
    )


def microseconds(moment: datetime) -> int:
    """A moment as Unix microseconds."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _lines(kind: int, body: bytes, time_us: int, seq: int) -> bytes:
    name = _NAMES[EventKind(kind)]
    if kind != EventKind.COMMIT:
        plain = atjson.plain(body)
        inner = orjson.dumps(plain)[1:-1]
        return _LINE % (name, plain["did"].encode(), b"", time_us, seq, inner)
    event = libipld.decode_dag_cbor(body)
    blocks, did = frames.slice_blocks(event["blocks"]), event["repo"].encode()
    lines = (
        _LINE % (name, did, collection, time_us + place, seq, inner)
        for place, (collection, inner) in enumerate(_operations(event, blocks))
    )
    return b"\n".join(lines)


def _operations(event: dict[str, Any], blocks: dict[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each record that a commit touched: its collection, and the inside of its JSON."""
    rev = event["rev"]
    for op in event["ops"]:
        collection, _, rkey = op["path"].partition("/")
        shown = {
            "rev": rev,
            "operation": op["action"],
            "collection": collection,
            "rkey": rkey,
        }
        inner = orjson.dumps(shown)[1:-1]
        if op["cid"] is not None:
            inner += b',"record":%b,"cid":"%b"' % (
                _record(blocks.get(op["cid"])),
                cid.to_text(op["cid"]).encode(),
            )
        yield collection.encode(), inner


def _record(block: bytes | None) -> bytes:
    """A record's JSON; null for one that has no JSON form, which old records of others may lack."""
    try:
        return b"null" if block is None else atjson.from_cbor(block)
    except atjson.DataModelError:
        return b"null"


def _written(time_us: int) -> bytes:
    """RFC 3339 with all six digits, so that a cursor can be made of it."""
    seconds, rest = divmod(time_us, 1_000_000)
    return b"%b.%06dZ" % (_second(seconds), rest)


@lru_cache(maxsize=64)
def _second(seconds: int) -> bytes:
    """The newest are asked for again and again."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
