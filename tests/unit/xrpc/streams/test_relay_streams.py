"""The relay's streams: under its host name, of all hosts, with the errors that every stream has."""

import asyncio

import pytest
from pytest_django.fixtures import Settings

from protocol.event_stream import frames
from relay.events import stream as relay_stream
from server.cache import counters
from server.cache.counters import series
from server.database import connection
from tests.unit.xrpc.streams.test_consumers import CLOSE_REFUSED, Socket, frames_and_close

pytestmark = pytest.mark.django_db(transaction=True)
RELAY = b"relay.localhost:2583"


@pytest.fixture(autouse=True)
def _relay(settings: Settings) -> None:
    settings.RELAY_HOST = "relay.localhost"
    connection.execute(
        "INSERT INTO relay_counter (relay_id, last_seq, dropped_seq) VALUES (0, 9, 0), (1, 9, 7)"
        " ON CONFLICT (relay_id) DO UPDATE SET last_seq = 9, dropped_seq = excluded.dropped_seq",
        (),
    )
    body = frames.identity_body(did="did:plc:" + "a" * 24, time="2026-11-30T12:00:00.000Z")
    for seq in (8, 9):
        connection.execute(
            "INSERT INTO relay_event (seq, host_id, did, kind, seq_at, body)"
            " VALUES (%s, 1, 'did:plc:a', 3, %s, %b)",
            (seq, body.seq_at, body.data),
        )


def first_frames(cursor: int, count: int) -> list[object]:
    """The name or `seq` of the first frames after a cursor."""

    async def run() -> list[object]:
        socket, seen = Socket(f"cursor={cursor}", RELAY), []
        assert await socket.open() == "websocket.accept"
        while len(seen) < count:
            body = frames.parse((await socket.receive_output(60))["bytes"])[1]
            seen.append(body.get("name") or body["seq"])
        await socket.leave()
        await relay_stream.feed().stop()
        return seen

    return asyncio.run(run())


def test_what_is_kept_comes_again_after_a_word_on_what_is_not() -> None:
    assert first_frames(3, 3) == ["OutdatedCursor", 8, 9]
    assert first_frames(8, 1) == [9]


def test_a_cursor_of_the_future_and_an_unknown_stream_are_refused() -> None:
    (refusal,), code = frames_and_close("cursor=10", RELAY)
    assert (frames.parse(refusal)[1]["error"], code) == ("FutureCursor", CLOSE_REFUSED)
    (refusal,), _ = frames_and_close("", RELAY, "com.atproto.label.subscribeLabels")
    assert frames.parse(refusal)[1]["error"] == "MethodNotImplemented"


def test_what_subscribers_are_sent_is_counted_for_metrics() -> None:
    what = series("grove_stream_messages_total", host="relay.localhost", stream="subscribeRepos")
    before = counters.read().get(what, 0)
    first_frames(3, 3)
    counters.PROCESS.flush()
    assert counters.read()[what] > before


def test_the_handshake_says_that_it_is_a_relay() -> None:
    async def headers() -> dict[bytes, bytes]:
        socket = Socket("", RELAY)
        await socket.send_input({"type": "websocket.connect"})
        accepted = await socket.receive_output(60)
        await socket.leave()
        return dict(accepted["headers"])

    assert b"atproto-relay" in asyncio.run(headers())[b"server"]
