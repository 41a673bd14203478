"""Sockets of JSON streams: what is refused before the handshake, options, hello, compression."""

import asyncio
from typing import Any

import orjson
import pytest
import zstandard
from asgiref.sync import async_to_sync

from hosting.tenancy import routing
from protocol.errors import XrpcError
from relay import site
from relay.events import json_stream, stream
from repos.events.json_streams import compression, encoding, sources, subscriptions
from repos.events.json_streams.encoding import EVENTS_NSID, Part
from repos.events.json_streams.subscriptions import Start, Subscriber
from repos.events.streams.following import ConsumerTooSlow
from tests.unit.xrpc.streams.test_consumers import Socket

DID = "did:plc:abcdefghijklmnopqrstuvwx"
PARTS = [
    Part(b"commit", DID.encode(), b"app.bsky.feed.post", b"1", b"1", b'"rev":"a"'),
    Part(b"account", DID.encode(), b"", b"2", b"2", b'"active":true'),
]


class Streams:
    """In the place of all streams: two events each time; it notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.refusal: XrpcError | None = None
        self.breaks_off: XrpcError | None = None
        self.start = Start(None)

    async def start_at(
        self, source: Any, key: int, cursor: int | None, *, is_strict: bool
    ) -> Start:
        self.asked.append((source, key, cursor))
        if self.refusal:
            raise self.refusal
        return self.start

    async def follow(self, source: Any, key: int, subscriber: Subscriber, start: Start) -> Any:
        return self.texts(subscriber)

    async def texts(self, subscriber: Subscriber) -> Any:
        yield [text for part in PARTS if (text := subscriptions.text_of(part, subscriber))]
        if self.breaks_off:
            raise self.breaks_off


@pytest.fixture
def streams(ash, monkeypatch) -> Streams:
    streams = Streams()
    monkeypatch.setattr(subscriptions, "start_at", streams.start_at)
    monkeypatch.setattr(subscriptions, "follow", streams.follow)
    routing.forget()
    assert routing.host_named("localhost")  # remembered, so that no other thread asks
    return streams


def socket(path: str, query: str = "", **scope: Any) -> Socket:
    return Socket(query, path=path, **scope)


@async_to_sync
async def everything(path: str, query: str = "", *said: str, **scope: Any) -> list[dict[str, Any]]:
    """What a subscriber gets from its handshake to the close, when it says this."""
    connection = socket(path, query, **scope)
    await connection.send_input({"type": "websocket.connect"})
    received = [await connection.receive_output(60)]
    for text in said if received[0]["type"] == "websocket.accept" else ():
        await connection.send_input({"type": "websocket.receive", "text": text})
    last = {"websocket.close", "websocket.http.response.body"}
    while received[-1]["type"] not in last:
        received.append(await connection.receive_output(60))
    await connection.leave()
    return received


def texts(received: list[dict[str, Any]]) -> list[Any]:
    return [orjson.loads(each["text"]) for each in received if each["type"] == "websocket.send"]


V1, V2 = "/subscribe", f"/xrpc/{EVENTS_NSID}"


def test_version_1_sends_an_object_an_event(streams) -> None:
    kinds = [event["kind"] for event in texts(everything(V1))]
    assert kinds == ["commit", "account"]


def test_version_2_sends_messages_in_proposal_0015s_envelope(streams) -> None:
    received = everything(V2, "kinds=account", subprotocols=["xrpc.v1.json"])
    assert received[0]["subprotocol"] == "xrpc.v1.json"
    assert texts(received)[0]["payload"]["$type"] == f"{EVENTS_NSID}#account"


def test_the_stream_is_the_hosts(streams, ash) -> None:
    everything(V1, "cursor=1725911162329308")
    assert streams.asked == [(sources.HOSTS, ash.pk, 1725911162329308)]


@pytest.mark.django_db(transaction=True)  # names that nobody has are not remembered: it asks
def test_a_name_that_is_no_hosts_has_no_stream(streams) -> None:
    (closed,) = everything(V1, host=b"unknown.example")
    assert closed["type"] == "websocket.close"


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        (V1, "wantedDids=alice", "InvalidRequest"),
        (V1, "cursor=-1", "InvalidRequest"),
        (V1, "cursor=99999999999999999999", "InvalidRequest"),
        (V1, "compress=true", "UnknownZstdDictionary"),
        (V2, "kinds=handle", "InvalidRequest"),
        (V2, "zstdDictionary=1", "UnknownZstdDictionary"),
    ],
)
def test_what_is_wrong_is_told_in_place_of_the_handshake(streams, path, query, name) -> None:
    start, body = everything(path, query)
    assert (start["status"], orjson.loads(body["body"])["error"]) == (400, name)


def test_a_cursor_that_is_too_old_is_refused_by_name(streams) -> None:
    streams.refusal = subscriptions.CursorTooOld("Events up to 4 are not kept any more.")
    _, body = everything(V2, "cursor=1")
    assert orjson.loads(body["body"])["error"] == "CursorTooOld"


def test_a_moment_that_is_too_old_is_told_first(streams) -> None:
    streams.start = Start(4, 1, is_outdated=True)
    first = texts(everything(V2, "cursor=1725911162329308"))[0]
    assert first["payload"]["name"] == "OutdatedCursor"


def test_a_stream_that_waits_for_hello_begins_with_the_first_options(streams) -> None:
    hello = '{"type":"options_update","payload":{"wantedCollections":["a.b.c"]}}'
    received = everything(V1, "requireHello=true", '{"type":"unknown"}', hello)
    assert [event["kind"] for event in texts(received)] == ["account"]


def test_bad_options_end_the_stream(streams) -> None:
    *_, closed = everything(V1, "requireHello=true", '{"type":"options_update","payload":1}')
    assert (closed["code"], closed["reason"][:14]) == (1008, "InvalidRequest")


@pytest.mark.parametrize("path", [V1, V2])
def test_a_reader_who_is_too_slow_is_told_and_closed(streams, path: str) -> None:
    streams.breaks_off = ConsumerTooSlow("Too slow.")
    *_, closed = everything(path)
    assert (closed["code"], closed["reason"].partition(":")[0]) == (1008, "ConsumerTooSlow")


def test_version_2_takes_no_messages(streams, monkeypatch) -> None:
    async def nothing(subscriber: Subscriber) -> Any:
        await asyncio.sleep(60)
        yield []

    monkeypatch.setattr(streams, "texts", nothing)
    *_, told, closed = everything(V2, "", "hello")
    assert (orjson.loads(told["text"])["error"], closed["code"]) == ("InvalidRequest", 1008)


@pytest.mark.parametrize(("path", "compress"), [(V1, "compress=true&"), (V2, "")])
def test_zstd_is_what_our_dictionary_reads(streams, path: str, compress: str) -> None:
    dictionary = compression.dictionary()
    received = everything(path, f"{compress}zstdDictionary={dictionary.dict_id()}")
    reader = zstandard.ZstdDecompressor(dict_data=dictionary)
    sent = [reader.decompress(m["bytes"]) for m in received if m["type"] == "websocket.send"]
    write = encoding.message if path == V1 else encoding.enveloped
    assert sent == [write(part) for part in PARTS]


def test_a_text_is_compressed_once_for_all(monkeypatch) -> None:
    text = b'{"did":"somebody"}' * 9
    assert compression.compressed(text) is compression.compressed(bytes(bytearray(text)))


def test_under_its_name_the_relays_stream_is_followed(streams, settings) -> None:
    settings.RELAY_HOST = "relay.localhost"
    received = everything(V1, host=b"relay.localhost:2583")
    assert streams.asked == [(json_stream.EVENTS, stream.KEY, None)]
    assert dict(received[0]["headers"])[b"server"] == site.SERVER.encode()
