import orjson
import pytest

from protocol import cid
from protocol.cbor import CborError
from protocol.event_stream import frames, json_frames
from protocol.event_stream.frames import EventKind, RepoOp

NSID = "com.atproto.sync.subscribeRepos"
DID = "did:plc:abcdefghijklmnopqrstuvwx"
TIME = "2026-11-22T12:00:00.000Z"
CID = cid.of_dag_cbor(b"\xa0")


def text_of(kind: EventKind, body: frames.Body, seq: int = 42) -> dict[str, object]:
    frame = frames.frame(kind, body.data, body.seq_at, seq)
    return orjson.loads(json_frames.from_frame(NSID, frame))


def test_a_message_is_one_object_in_an_envelope_typed_by_its_lexicon() -> None:
    body = frames.identity_body(did=DID, time=TIME, handle="bob.test")
    assert text_of(EventKind.IDENTITY, body) == {
        "$type": "message",
        "payload": {
            "$type": f"{NSID}#identity",
            "seq": 42,
            "did": DID,
            "time": TIME,
            "handle": "bob.test",
        },
    }


def test_bytes_and_links_are_written_as_the_data_model_has_them() -> None:
    op = RepoOp("create", "a.b.c/d", CID)
    body = frames.commit_body(
        repo=DID,
        commit=CID,
        rev="r",
        since=None,
        blocks=b"car",
        ops=[op],
        prev_data=CID,
        time=TIME,
    )
    payload = text_of(EventKind.COMMIT, body)["payload"]
    assert (payload["since"], payload["blocks"]) == (None, {"$bytes": "Y2Fy"})
    assert payload["prevData"] == payload["commit"] == {"$link": cid.to_text(CID)}
    assert payload["ops"][0]["cid"] == {"$link": cid.to_text(CID)}


def test_an_error_is_an_object_of_its_own() -> None:
    text = json_frames.from_frame(NSID, frames.error("FutureCursor", "Cursor in the future."))
    assert orjson.loads(text) == {
        "$type": "error",
        "error": "FutureCursor",
        "message": "Cursor in the future.",
    }


def test_an_info_is_a_message_without_a_number() -> None:
    text = json_frames.from_frame(NSID, frames.info("OutdatedCursor"))
    assert orjson.loads(text)["payload"] == {"$type": f"{NSID}#info", "name": "OutdatedCursor"}


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(CborError):
        json_frames.from_frame(NSID, b"\x01")
