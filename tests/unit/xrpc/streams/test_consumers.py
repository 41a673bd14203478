"""Event streams: cursors, frames, refusals, and readers who leave."""

import asyncio

import orjson
import psycopg
import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

from hosting.tenancy import routing
from protocol.errors import XrpcError
from protocol.event_stream import frames
from protocol.lexicon import catalog
from server.web.connections.websocket_protocol import BATCHES
from xrpc import registry
from xrpc.registry import Subscription
from xrpc.streams import consumers
from xrpc.streams.consumers import CLOSE_FAULT, CLOSE_NORMAL, CLOSE_REFUSED
from xrpc.streams.routing import websockets

NSID = "com.atproto.sync.subscribeRepos"
FRAME = frames.info("Hello")


class Stream:
    """A stream of this test's own, in the place of subscribeRepos; it notes what it was asked."""

    def __init__(self):
        self.asked = None
        self.is_closed = False
        self.refusal = self.fault = None
        self.is_endless = False

    async def follow(self, host, params):
        self.asked = host.hostname, params
        if self.refusal:
            raise self.refusal
        return self.batches()

    async def batches(self):
        try:
            yield [FRAME, FRAME]
            if self.fault:
                raise self.fault
            while self.is_endless:
                await asyncio.sleep(0.01)
        finally:
            self.is_closed = True


@pytest.fixture
def stream(ash, monkeypatch) -> Stream:
    stream = Stream()
    declared = Subscription(NSID, stream.follow, catalog().method(NSID))
    monkeypatch.setitem(registry.SUBSCRIPTIONS, NSID, declared)
    routing.forget()
    assert routing.host_named("localhost")  # remembered, so that no other thread asks
    return stream


class Socket(ApplicationCommunicator):
    """A reader's end of a WebSocket (Channels' own needs a server we do not use)."""

    def __init__(self, query="", host=b"localhost:2583", nsid=NSID, **scope):
        scope = {
            "type": "websocket",
            "path": f"/xrpc/{nsid}",
            "query_string": query.encode(),
            "headers": [(b"host", host)],
            **scope,
        }
        super().__init__(websockets, scope)

    async def open(self):
        """Connect; the answer's type."""
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(60))["type"]

    async def leave(self):
        await self.send_input({"type": "websocket.disconnect", "code": 1005})
        await self.wait(60)


@async_to_sync
async def frames_and_close(query="", host=b"localhost:2583", nsid=NSID):
    """Everything a reader gets, and the code of the close."""
    socket = Socket(query, host, nsid)
    assert await socket.open() == "websocket.accept"
    received = []
    while (message := await socket.receive_output(60))["type"] == "websocket.send":
        received.append(message["bytes"])
    await socket.leave()
    return received, message["code"]


def test_frames_are_passed_on_and_a_normal_end_is_1000(stream):
    assert frames_and_close() == ([FRAME, FRAME], CLOSE_NORMAL)


def test_the_cursor_is_an_integer_or_absent(stream):
    frames_and_close("cursor=12")
    assert stream.asked == ("localhost", {"cursor": 12})
    frames_and_close()
    assert stream.asked == ("localhost", {})


@pytest.mark.parametrize("cursor", ["abc", "1.5", "1e3"])
def test_any_other_cursor_is_refused_in_a_frame(stream, cursor):
    (frame,), code = frames_and_close(f"cursor={cursor}")
    header, body = frames.parse(frame)
    assert (header["op"], body["error"], code) == (-1, "InvalidRequest", CLOSE_REFUSED)


def test_a_stream_that_does_not_begin_says_why(stream):
    stream.refusal = XrpcError("Cursor in the future.", name="FutureCursor")
    (frame,), code = frames_and_close()
    assert (frames.parse(frame)[1]["error"], code) == ("FutureCursor", CLOSE_REFUSED)


@pytest.mark.parametrize("query", ["cursor=abc", ""])
def test_the_close_of_a_refusal_names_it(stream, query):
    stream.refusal = XrpcError("Cursor in the future.", name="FutureCursor")

    @async_to_sync
    async def closing():
        socket = Socket(query)
        await socket.open()
        while (message := await socket.receive_output(60))["type"] == "websocket.send":
            pass
        await socket.leave()
        return message

    name = "InvalidRequest" if query else "FutureCursor"
    assert closing() == {"type": "websocket.close", "code": CLOSE_REFUSED, "reason": name}


def test_a_refusal_on_the_way_is_the_last_frame(stream):
    stream.fault = XrpcError("Too slow.", name="ConsumerTooSlow")
    received, code = frames_and_close()
    assert frames.parse(received[-1])[1]["error"] == "ConsumerTooSlow"
    assert code == CLOSE_REFUSED


def test_a_stream_has_its_place_before_the_handshake_is_answered(stream):
    @async_to_sync
    async def connect():
        socket = Socket()
        accepted = await socket.open()
        asked = stream.asked
        await socket.leave()
        return accepted, asked

    assert connect() == ("websocket.accept", ("localhost", {}))


def test_a_fault_of_the_database_shows_nothing(stream):
    stream.fault = psycopg.OperationalError("password of the database")
    assert frames_and_close() == ([FRAME, FRAME], CLOSE_FAULT)


def test_an_unknown_stream_is_refused_in_a_frame(stream):
    (frame,), code = frames_and_close(nsid="com.example.nothing")
    header, body = frames.parse(frame)
    assert (header["op"], body["error"], code) == (-1, "MethodNotImplemented", CLOSE_REFUSED)


@pytest.mark.django_db(transaction=True)  # names that nobody has are not remembered: it asks
def test_an_unknown_host_gets_no_socket(stream):
    @async_to_sync
    async def opened():
        socket = Socket(host=b"nobody.example")
        answer = await socket.open()
        await socket.leave()
        return answer

    assert opened() == "websocket.close"
    assert stream.asked is None


def test_a_reader_who_leaves_ends_the_stream_at_once(stream):
    stream.is_endless = True

    @async_to_sync
    async def come_and_go():
        socket = Socket()
        await socket.open()
        await socket.receive_output(60)
        await socket.leave()

    come_and_go()
    assert stream.is_closed


def test_what_a_reader_says_is_dropped(stream):
    stream.is_endless = True

    @async_to_sync
    async def talk():
        socket = Socket()
        await socket.open()
        await socket.send_input({"type": "websocket.receive", "text": "hello?"})
        first = await socket.receive_output(60)
        await socket.leave()
        return first["bytes"]

    assert talk() == FRAME


@async_to_sync
async def opening_and_first(**scope):
    """The answer to the handshake and the first message after it."""
    socket = Socket(**scope)
    await socket.send_input({"type": "websocket.connect"})
    accepted, first = await socket.receive_output(60), await socket.receive_output(60)
    await socket.leave()
    return accepted["subprotocol"], first


def test_who_offers_json_gets_text(stream):
    subprotocol, first = opening_and_first(subprotocols=["xrpc.v1.json", "xrpc.v0.cbor"])
    assert subprotocol == "xrpc.v1.json"
    assert orjson.loads(first["text"])["payload"] == {"$type": f"{NSID}#info", "name": "Hello"}


@pytest.mark.parametrize(("offered", "echoed"), [([], None), (["xrpc.v0.cbor"], "xrpc.v0.cbor")])
def test_everybody_else_gets_cbor(stream, offered, echoed):
    subprotocol, first = opening_and_first(subprotocols=offered)
    assert (subprotocol, first["bytes"]) == (echoed, FRAME)


def test_a_refusal_is_written_as_the_reader_asked(stream):
    stream.refusal = XrpcError("Cursor in the future.", name="FutureCursor")
    _, first = opening_and_first(subprotocols=["xrpc.v1.json"])
    assert orjson.loads(first["text"])["$type"] == "error"


def test_a_server_that_takes_batches_gets_them(stream):
    _, first = opening_and_first(extensions={BATCHES: {}})
    assert (first["batch"], first["is_text"]) == ([FRAME, FRAME], False)


def test_who_keeps_others_from_their_backfill_is_told_and_closed(stream, monkeypatch):
    monkeypatch.setattr(consumers, "was_cut_off", lambda: True)
    stream.fault = asyncio.CancelledError()
    received, code = frames_and_close()
    assert (frames.parse(received[-1])[1]["error"], code) == ("ConsumerTooSlow", CLOSE_REFUSED)
