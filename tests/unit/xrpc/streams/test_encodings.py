import orjson
import pytest

from protocol.event_stream import frames
from xrpc.streams.encodings import CBOR, JSON, Texts, choose

NSID = "com.atproto.sync.subscribeRepos"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["chat"], None),
        ([JSON], JSON),
        ([CBOR], CBOR),
        (["xrpc.v1.cbor", JSON, CBOR], JSON),
        ([CBOR, JSON], CBOR),
    ],
)
def test_the_first_subprotocol_that_we_know_is_taken(offered, chosen) -> None:
    assert choose(offered) == chosen


def test_a_frame_is_written_once_whoever_asks() -> None:
    texts, frame = Texts(), frames.info("Hello")
    assert texts.of(NSID, frame) is texts.of(NSID, frame)
    assert orjson.loads(texts.of(NSID, frame))["payload"]["name"] == "Hello"


def test_each_stream_has_its_own_texts_of_equal_frames() -> None:
    texts, frame = Texts(), frames.info("Hello")
    assert texts.of(NSID, frame) != texts.of("com.example.other", frame)


def test_the_oldest_texts_are_forgotten() -> None:
    texts = Texts(kept_bytes=1_000)
    for number in range(100):
        texts.of(NSID, frames.info(f"Hello{number}"))
    assert 0 < len(texts.texts) < 10


def test_a_frame_larger_than_what_is_kept_is_still_written() -> None:
    texts, frame = Texts(kept_bytes=1), frames.info("Hello")
    assert orjson.loads(texts.of(NSID, frame))["$type"] == "message"
