"""Events as JSON, in both shapes."""

from datetime import UTC, datetime
from typing import Any

import orjson

from protocol import car, cbor, cid
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind, RepoOp
from repos.events.json_streams import encoding

DID = "did:plc:abcdefghijklmnopqrstuvwx"
TIME = "2026-11-22T12:00:00.000Z"
STORED = datetime(2026, 11, 22, 12, 0, 0, 7, UTC)
STORED_US = 1795348800000007
POST = cbor.encode({"$type": "app.bsky.feed.post", "text": "a\ttab\nand a line", "n": [1, None]})
POST_CID = cid.of_dag_cbor(POST)


def commit(*ops: RepoOp) -> frames.Body:
    blocks = car.header([POST_CID]) + car.frame(POST_CID, POST)
    return frames.commit_body(
        repo=DID,
        commit=POST_CID,
        rev="3kabcdefgh22a",
        since=None,
        blocks=blocks,
        ops=ops,
        prev_data=None,
        time=TIME,
    )


def parts(kind: EventKind, body: frames.Body) -> list[encoding.Part]:
    return list(encoding.parts(encoding.frame(kind, body.data, body.seq_at, STORED, 42)))


def shown(part: encoding.Part) -> tuple[Any, Any]:
    text = encoding.message(part)
    return orjson.loads(text) if text else None, orjson.loads(encoding.enveloped(part))


CREATED = RepoOp("create", "app.bsky.feed.post/3k2a", POST_CID)
DELETED = RepoOp("delete", "app.bsky.feed.like/3k2b", None, POST_CID)


def test_each_record_of_a_commit_is_an_event_with_a_moment_of_its_own() -> None:
    first, second = parts(EventKind.COMMIT, commit(CREATED, DELETED))
    assert (first.collection, second.collection) == (b"app.bsky.feed.post", b"app.bsky.feed.like")
    assert (int(first.time_us), int(second.time_us)) == (STORED_US, STORED_US + 1)


def test_a_created_record_comes_with_its_json_and_its_cid() -> None:
    old, new = shown(parts(EventKind.COMMIT, commit(CREATED))[0])
    told = {
        "rev": "3kabcdefgh22a",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3k2a",
        "record": {"$type": "app.bsky.feed.post", "text": "a\ttab\nand a line", "n": [1, None]},
        "cid": cid.to_text(POST_CID),
    }
    assert old == {"did": DID, "time_us": STORED_US, "kind": "commit", "commit": told}
    typed = {"$type": f"{encoding.EVENTS_NSID}#commit", "seq": 42, "did": DID}
    written = "2026-11-22T12:00:00.000007Z"
    assert new == {"$type": "message", "payload": {**typed, "time": written, **told}}


def test_a_deleted_record_has_neither() -> None:
    old, _ = shown(parts(EventKind.COMMIT, commit(DELETED))[0])
    assert old["commit"].keys() == {"rev", "operation", "collection", "rkey"}


def test_identity_and_account_are_told_as_the_firehose_has_them() -> None:
    identity = frames.identity_body(did=DID, time=TIME, handle="bob.test")
    old, new = shown(parts(EventKind.IDENTITY, identity)[0])
    told = {"did": DID, "seq": 42, "time": TIME, "handle": "bob.test"}
    assert (old["kind"], old["identity"], new["payload"]["identity"]) == ("identity", told, told)
    gone = frames.account_body(did=DID, time=TIME, active=False, status="takendown")
    old, _ = shown(parts(EventKind.ACCOUNT, gone)[0])
    assert (old["account"]["active"], old["account"]["status"]) == (False, "takendown")


def test_version_1_knows_no_sync() -> None:
    old, new = shown(
        parts(EventKind.SYNC, frames.sync_body(did=DID, rev="r", blocks=b"x", time=TIME))[0]
    )
    assert old is None
    assert new["payload"]["sync"]["blocks"] == {"$bytes": "eA"}


def test_a_commit_without_records_and_one_that_nobody_can_read_are_no_events() -> None:
    assert parts(EventKind.COMMIT, commit()) == []
    broken = frames.Body(b"\xa1\x63seq\x40", 5)
    assert parts(EventKind.COMMIT, broken) == []
