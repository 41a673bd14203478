"""Frames: every body equals the plain encoding of its map with `seq`, whatever the number."""

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import car, cbor, cid
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind, RepoOp

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
REV = "3ke6kg3wk222b"
TIME = "2026-11-22T14:00:00.000Z"
RECORD = cid.of_dag_cbor(b"record")
BEFORE = cid.of_dag_cbor(b"before")
ROOT = cid.of_dag_cbor(b"root")

# Numbers around every change of width, and any between.
seqs = st.sampled_from(
    [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**53 - 1]
) | st.integers(1, 2**53 - 1)
# A path whose text looks like CBOR's `blocks` and `seq` keys must not mislead anyone.
paths = st.sampled_from(["app.bsky.feed.post/3ke6", "a.b.c/cseq", "a.b.c/fblocks"])
ops = st.one_of(
    st.builds(RepoOp, st.just("create"), paths, st.just(RECORD)),
    st.builds(RepoOp, st.just("update"), paths, st.just(RECORD), st.just(BEFORE)),
    st.builds(RepoOp, st.just("delete"), paths, st.none(), st.just(BEFORE)),
)


def link(raw: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(42, b"\0" + raw)


def plain(name: str, fields: dict[str, Any]) -> bytes:
    """The frame as an independent encoder writes it in one go."""
    header = cbor2.dumps({"t": name, "op": 1}, canonical=True)
    return header + cbor2.dumps(fields, canonical=True)


def op_fields(op: RepoOp) -> dict[str, Any]:
    fields: dict[str, Any] = {"action": op.action, "path": op.path}
    fields["cid"] = None if op.cid is None else link(op.cid)
    return fields if op.prev is None else {**fields, "prev": link(op.prev)}


def numbered(kind: EventKind, body: Body, seq: int) -> bytes:
    return frames.frame(kind, body.data, body.seq_at, seq)


def a_commit(blocks: bytes = b"car", ops: list[RepoOp] | None = None, **fields: Any) -> Body:
    known = {"repo": DID, "commit": ROOT, "rev": REV, "since": None, "prev_data": None}
    return frames.commit_body(blocks=blocks, ops=ops or [], time=TIME, **(known | fields))


@given(seq=seqs, ops=st.lists(ops, max_size=30), blocks=st.binary(max_size=300), more=st.booleans())
@settings(deadline=None)
def test_commit_frame_is_the_plain_encoding(
    seq: int, ops: list[RepoOp], blocks: bytes, more: bool
) -> None:
    since, prev_data, blobs = (REV, BEFORE, [RECORD]) if more else (None, None, [])
    body = a_commit(blocks, ops, since=since, prev_data=prev_data, blobs=blobs)
    fields = {
        "seq": seq, "repo": DID, "commit": link(ROOT), "rev": REV, "since": since,
        "blocks": blocks, "ops": [op_fields(op) for op in ops], "time": TIME,
        "blobs": [link(blob) for blob in blobs], "rebase": False, "tooBig": False,
    }  # fmt: skip
    fields |= {"prevData": link(BEFORE)} if more else {}
    assert numbered(EventKind.COMMIT, body, seq) == plain("#commit", fields)


@given(seq=seqs, blocks=st.binary(max_size=300))
@settings(deadline=None)
def test_sync_frame_is_the_plain_encoding(seq: int, blocks: bytes) -> None:
    body = frames.sync_body(did=DID, rev=REV, blocks=blocks, time=TIME)
    fields = {"seq": seq, "did": DID, "rev": REV, "blocks": blocks, "time": TIME}
    assert numbered(EventKind.SYNC, body, seq) == plain("#sync", fields)


@given(seq=seqs, handle=st.none() | st.just("alice.test"))
@settings(deadline=None)
def test_identity_frame_is_the_plain_encoding(seq: int, handle: str | None) -> None:
    body = frames.identity_body(did=DID, time=TIME, handle=handle)
    fields = {"seq": seq, "did": DID, "time": TIME} | ({"handle": handle} if handle else {})
    assert numbered(EventKind.IDENTITY, body, seq) == plain("#identity", fields)


@given(seq=seqs, active=st.booleans(), status=st.none() | st.just("takendown"))
@settings(deadline=None)
def test_account_frame_is_the_plain_encoding(seq: int, active: bool, status: str | None) -> None:
    body = frames.account_body(did=DID, time=TIME, active=active, status=status)
    fields: dict[str, Any] = {"seq": seq, "did": DID, "time": TIME, "active": active}
    fields |= {"status": status} if status else {}
    assert numbered(EventKind.ACCOUNT, body, seq) == plain("#account", fields)


def test_stored_kind_may_be_a_plain_integer() -> None:
    body = frames.identity_body(did=DID, time=TIME)
    assert frames.frame(3, body.data, body.seq_at, 7) == numbered(EventKind.IDENTITY, body, 7)


def test_commit_header_has_the_published_bytes() -> None:
    message = numbered(EventKind.COMMIT, a_commit(), 1)
    assert message.startswith(bytes.fromhex("a261746723636f6d6d6974626f7001"))


def test_parsing_a_commit_frame_gives_its_fields() -> None:
    header, body = frames.parse(numbered(EventKind.COMMIT, a_commit(since=REV), 99))
    assert header == {"op": 1, "t": "#commit"}
    assert (body["seq"], body["repo"], body["since"]) == (99, DID, REV)
    assert "prevData" not in body


def test_error_frame_has_the_published_header() -> None:
    message = frames.error("FutureCursor", "Cursor in the future.")
    assert message.startswith(bytes.fromhex("a1626f7020"))
    assert frames.parse(message)[1] == {
        "error": "FutureCursor",
        "message": "Cursor in the future.",
    }


def test_info_frame_has_no_number() -> None:
    header, body = frames.parse(frames.info("OutdatedCursor"))
    assert header == {"op": 1, "t": "#info"}
    assert body == {"name": "OutdatedCursor"}


@pytest.mark.parametrize(
    ("action", "record", "prev"),
    [
        ("create", None, None),
        ("create", RECORD, BEFORE),
        ("update", RECORD, None),
        ("update", None, BEFORE),
        ("delete", RECORD, BEFORE),
        ("delete", None, None),
    ],
)
def test_op_that_contradicts_its_action_is_not_made(
    action: Any, record: bytes | None, prev: bytes | None
) -> None:
    with pytest.raises(ValueError, match=action):
        RepoOp(action, "a.b.c/d", record, prev)


@given(st.lists(st.binary(max_size=400), max_size=12), st.lists(ops, max_size=30))
@settings(deadline=None)
def test_blocks_of_a_stored_commit_are_those_of_its_slice(
    blocks: list[bytes], ops: list[RepoOp]
) -> None:
    by_cid = {cid.of_dag_cbor(block): block for block in blocks}
    for fields in ({}, {"since": REV, "prev_data": BEFORE, "blobs": [RECORD]}):
        body = a_commit(car.write(ROOT, by_cid.items()), ops, **fields)
        assert frames.blocks_of(body) == by_cid


def test_large_blocks_are_found_too() -> None:
    block = bytes(900_000)
    body = a_commit(car.write(ROOT, [(RECORD, block)]))
    assert frames.blocks_of(body) == {RECORD: block}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xa0",
        b"\xa0\x80",
        b"\x01\xa0",
        b"\xa0\xa0\xa0",
        b"\xa0\xa1\x61a\xfb\x3f\xf0\0\0\0\0\0\0",
        b"\x81" * 100_000,
        b"\x9a\xff\xff\xff\xff" * 50,
        b"\xa1\x61t\x78\x90" + b"a" * 0x90 + b"\xa0",
    ],
)
def test_what_is_no_frame_is_refused(message: bytes) -> None:
    with pytest.raises(cbor.CborError):
        frames.parse(message)


@pytest.mark.parametrize("header", [{"t": "#commit"}, {"op": 1}, {"op": 1, "t": 1}, {"op": 2}])
def test_a_header_that_does_not_name_its_body_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(cbor.CborError, match="names a message"):
        frames.parse(cbor.encode(header) + cbor.encode({}))


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_random_bytes_never_crash_the_parser(noise: bytes) -> None:
    try:
        header, body = frames.parse(noise)
    except cbor.CborError:
        return
    assert cbor.encode(header) + cbor.encode(body) == noise


@given(st.integers(0), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_mutated_frames_are_refused_or_canonical(position: int, flip: int) -> None:
    message = bytearray(numbered(EventKind.COMMIT, a_commit(since=REV), 1234))
    message[position % len(message)] ^= flip
    try:
        header, body = frames.parse(bytes(message))
    except cbor.CborError:
        return
    assert cbor.encode(header) + cbor.encode(body) == bytes(message)
