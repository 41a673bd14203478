"""What is left of a request without its thread: headers, pieces, a client that may leave."""

import asyncio

import pytest

from server.net.client_networks import Client
from server.net.http_client import Connections
from server.web.bodies.body_transfers import BodyTransfers
from server.web.bodies.streams import ChunkedBody, ClientDisconnected, ResponseWriter
from server.web.deferred_response import Exchange


def exchange(sent: list, received: list, body=b"", headers=()) -> Exchange:
    async def receive():
        if not received:
            await asyncio.sleep(60)
        return received.pop(0)

    async def send(message):
        sent.append(message)

    async def run(_pool, work):
        return work()

    writer = ResponseWriter(receive, send, is_head=False)
    client = Client("", "")
    return Exchange(
        body,
        None,
        list(headers),
        receive,
        send,
        run,
        Connections(),
        writer,
        BodyTransfers(),
        client,
    )


def test_the_headers_of_the_wsgi_answer_are_in_every_answer():
    sent = []
    own = [("X-Own", "1"), ("Vary", "Authorization")]
    asyncio.run(exchange(sent, [], headers=own).answer(200, [("vary", "Origin")], b"body"))
    names = dict(sent[0]["headers"])
    assert names == {b"x-own": b"1", b"vary": b"Origin", b"content-length": b"4"}
    assert sent[1] == {"type": "http.response.body", "body": b"body", "more_body": False}


def test_work_ends_when_it_is_done():
    async def work():
        done.append(1)

    done = []
    asyncio.run(exchange([], []).while_the_client_stays(work()))
    assert done == [1]


def test_work_is_dropped_when_the_client_leaves():
    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            dropped.append(1)

    dropped = []
    gone = [{"type": "http.disconnect"}]
    with pytest.raises(ClientDisconnected):
        asyncio.run(exchange([], gone).while_the_client_stays(work()))
    assert dropped == [1]


def test_what_the_work_raises_is_raised():
    async def work():
        raise LookupError("no")

    with pytest.raises(LookupError):
        asyncio.run(exchange([], []).while_the_client_stays(work()))


def pieces_of(received: list, ahead: bytes = b"") -> list[bytes]:
    async def main():
        whole = exchange([], received)
        whole.body = ChunkedBody(whole.receive, ahead)
        return [piece async for piece in whole.chunks]

    return asyncio.run(main())


def test_a_body_on_the_wire_comes_in_pieces():
    wire = [{"type": "http.request", "body": b"two", "more_body": True},
            {"type": "http.request", "body": b"three"}]  # fmt: skip
    assert pieces_of(wire, b"one") == [b"one", b"two", b"three"]


def test_a_client_that_leaves_within_its_body_is_gone():
    with pytest.raises(ClientDisconnected):
        pieces_of([{"type": "http.disconnect"}])


def test_work_in_a_lane_gives_back_its_result():
    assert asyncio.run(exchange([], []).run("fast", lambda: 7)) == 7
