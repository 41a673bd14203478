"""Connections to other services: kept, bounded, checked where they lead, dropped when they fail."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from server.net import http_client
from server.net.http_client import Connections, Request, addresses, connection, pool
from tests import upstreams
from tests.listening import listening
from tests.upstreams import Upstream, answering, raw, silent


@pytest.fixture
def service() -> Iterator[Upstream]:
    with upstreams.running() as running:
        yield running


@pytest.fixture
def production(settings):
    """No sandbox: untrusted URLs lead to public addresses alone."""
    settings.SANDBOX = False


def ask(*requests: Request, together: bool = False) -> list:
    """(status, headers, body) of each, by one set of connections."""

    async def main() -> list:
        kept = Connections()
        try:
            if together:
                return await asyncio.gather(*[_one(kept, request) for request in requests])
            return [await _one(kept, request) for request in requests]
        finally:
            await kept.aclose()

    return asyncio.run(main())


async def _one(kept: Connections, request: Request) -> tuple:
    async with kept.ask(request) as reply:
        return reply.status, reply.headers, await reply.whole(1_000_000)


def get(service: Upstream, nsid: str = "x.y.z", method: str = "GET", **more) -> Request:
    return Request(method, f"{service.url}/xrpc/{nsid}", {}, **{"is_ours": True, **more})


def test_a_reply_is_status_headers_and_body(service):
    service.answers("x.y.z", answering({"n": 1}, atproto_repo_rev="3k"))
    [(status, headers, body)] = ask(get(service))
    assert (status, headers["atproto-repo-rev"], body) == (200, "3k", b'{"n":1}')


def test_a_connection_serves_again(service):
    ask(get(service), get(service))
    assert (len(service.seen), service.connection_count) == (2, 1)


def test_calls_at_once_have_a_connection_each(service):
    ask(*[get(service) for _ in range(5)], together=True)
    assert service.connection_count == 5


def test_a_body_in_pieces_is_sent_in_chunks(service):
    async def pieces():
        yield b"one "
        yield b"two"

    ask(get(service, method="POST", body=pieces()))
    assert service.seen[0].body == b"one two"
    assert service.seen[0].headers["transfer-encoding"] == "chunked"


def test_a_procedure_without_a_body_says_so(service):
    ask(get(service, method="POST"))
    assert service.seen[0].headers["content-length"] == "0"


def test_a_service_that_says_nothing_is_late(service, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_S", 0.2)
    service.answers("x.y.z", silent())
    began = time.monotonic()
    with pytest.raises(http_client.TimedOut, match="too long"):
        ask(get(service))
    assert time.monotonic() - began < connection.CONNECT_S


def test_a_head_that_drips_is_late_too(service, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    service.answers("x.y.z", raw(b"HTTP/1.1 200 OK\r\n", *[b"a: b\r\n"] * 50, pause_s=0.05))
    with pytest.raises(http_client.TimedOut, match="too long"):
        ask(get(service))


def test_a_body_that_stops_is_late(service, monkeypatch):
    monkeypatch.setattr(connection, "IDLE_S", 0.2)
    service.answers(
        "x.y.z", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"", pause_s=2)
    )
    with pytest.raises(http_client.TimedOut, match="too long"):
        ask(get(service))


def test_a_body_that_breaks_off_is_broken(service):
    service.answers("x.y.z", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"))
    with pytest.raises(http_client.BadResponse):
        ask(get(service))


def test_a_body_is_counted(service):
    service.answers("x.y.z", answering(b"x" * 1_000_001))
    with pytest.raises(http_client.BadResponse, match="more than 1000000 bytes"):
        ask(get(service))


@pytest.mark.parametrize(
    "answer", [b"garbage\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n"]
)
def test_what_is_no_http_is_broken(service, answer):
    service.answers("x.y.z", raw(answer))
    with pytest.raises(http_client.BadResponse):
        ask(get(service))


def test_a_query_is_sent_again_when_the_socket_fails(service):
    service.answers("x.y.z", raw(b""), answering({"n": 2}))
    [(_, _, body)] = ask(get(service))
    assert body == b'{"n":2}'
    assert len(service.seen) == 2


def test_a_procedure_is_sent_once(service):
    service.answers("x.y.z", raw(b""), answering({"n": 2}))
    with pytest.raises(http_client.BadResponse):
        ask(get(service, method="POST"))
    assert len(service.seen) == 1


def test_a_late_query_is_not_sent_again(service, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_S", 0.2)
    service.answers("x.y.z", silent())
    with pytest.raises(http_client.TimedOut, match="too long"):
        ask(get(service))
    assert len(service.seen) == 1


def test_nobody_listening_is_unreachable():
    with pytest.raises(http_client.Unreachable):
        ask(Request("GET", "http://localhost:1/", {}, is_ours=True))


def test_no_more_than_so_many_calls_wait_for_one_service(service, monkeypatch):
    monkeypatch.setattr(pool, "OURS_BUSY_MAX", 3)
    monkeypatch.setattr(connection, "HEAD_S", 0.5)
    service.answers("x.y.z", silent())
    with pytest.raises(http_client.Busy):
        ask(*[get(service) for _ in range(4)], together=True)


def test_nobody_holds_more_than_a_share_of_all_calls(service, monkeypatch):
    monkeypatch.setattr(pool, "CALLER_BUSY_MAX", 2)
    monkeypatch.setattr(connection, "HEAD_S", 0.5)
    service.answers("x.y.z", silent())
    with pytest.raises(http_client.Busy, match="did:web:a"):
        ask(*[get(service, caller="did:web:a") for _ in range(3)], together=True)
    callers = ("did:web:a", "did:web:a", "did:web:b", "did:web:b")
    with pytest.raises(http_client.TimedOut, match="too long"):
        ask(*[get(service, caller=caller) for caller in callers], together=True)


def test_a_place_is_free_again_after_each_call(service, monkeypatch):
    monkeypatch.setattr(pool, "OURS_BUSY_MAX", 1)
    assert len(ask(*[get(service) for _ in range(3)])) == 3


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com/", "https://user@example.com/", "https:///", "x",
     "https://example.com:x/", "https://ex\u00e4mple.com/", "https://example.com/\u4f8b",
     "https://example.com/a b", "https://example.com/\r\nx: y"],
)  # fmt: skip
def test_a_strangers_url_is_https_and_nothing_else(production, url):
    with pytest.raises(http_client.Forbidden):
        ask(Request("GET", url, {}))


@pytest.mark.parametrize(
    "name",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[::1]", "[fc00::1]",
     "[::ffff:10.0.0.1]", "0.0.0.0", "224.0.0.1", "localhost", "x.localhost"],
)  # fmt: skip
def test_a_strangers_url_does_not_lead_inside(production, name):
    with pytest.raises(http_client.Forbidden):
        ask(Request("GET", f"https://{name}/", {}))


def test_a_name_that_leads_outside_and_inside_is_refused(production, monkeypatch):
    monkeypatch.setattr(addresses, "look_up", found("93.184.216.34", "10.0.0.1"))
    with pytest.raises(http_client.Forbidden):
        ask(Request("GET", "https://evil.example.com/", {}))


def test_the_checked_address_is_the_one_that_is_connected_to(service, monkeypatch):
    """A name server that answers differently the second time is never asked a second time."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(_name):
        return answers.pop(0)

    monkeypatch.setattr(addresses, "look_up", rebinding)
    request = Request("GET", f"http://rebinding.example.com:{service.port}/", {})
    [(status, _, _)] = ask(request)
    assert (status, len(answers)) == (200, 1)


def test_an_address_is_checked_again_for_each_connection(service, monkeypatch):
    monkeypatch.setattr(pool, "KEPT_MAX", 0)
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(_name):
        return answers.pop(0)

    monkeypatch.setattr(addresses, "look_up", rebinding)
    request = Request("GET", f"http://rebinding.example.com:{service.port}/", {})
    with pytest.raises(http_client.Forbidden):
        ask(request, request)
    assert len(service.seen) == 1


def test_a_strangers_call_never_uses_the_operators_connection(service, production):
    ours = get(service)
    theirs = Request("GET", ours.url.replace("http:", "https:"), {})
    with pytest.raises(http_client.Forbidden):
        ask(ours, theirs)


def test_who_leaves_drops_the_connection(service, monkeypatch):
    service.answers("x.y.z", silent())

    async def main():
        kept = Connections()
        task = asyncio.ensure_future(_one(kept, get(service)))
        while not service.seen:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    deadline = time.monotonic() + 60
    while not service.gone_count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert service.gone_count == 1


def test_an_answer_before_the_whole_body_is_an_answer(service):
    """The server would never read such a body to its end; ours is not sent on."""

    async def endless():
        while True:
            yield b"x" * 65_536

    async def too_large():
        async with listening(_too_large) as port:
            request = Request("POST", f"http://localhost:{port}/", {}, endless(), is_ours=True)
            kept = Connections()
            return await _one(kept, request), kept.idle

    (status, _, body), idle = asyncio.run(too_large())
    assert (status, body, idle) == (413, b"no", {})


async def _too_large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")


@pytest.mark.parametrize("said", [4, 6])
def test_a_body_that_is_not_as_long_as_said_ends_the_connection(service, said):
    async def pieces():
        yield b"12345"

    with pytest.raises(http_client.BadResponse, match="not as long as we said"):
        ask(get(service, method="POST", body=pieces(), length=said))
    assert not service.seen


def test_what_nobody_reads_is_not_held(service):
    """Of a body that its reader is slow to take the socket keeps the rest."""
    service.answers("x.y.z", answering(b"x" * 50_000_000))

    async def main() -> int:
        kept = Connections()
        async with kept.ask(get(service)) as reply:
            await asyncio.sleep(0.5)
            return reply.connection.asked.held_bytes

    assert 0 < asyncio.run(main()) <= connection.HELD_MAX_BYTES + 262_144


def test_only_so_many_connections_are_kept_in_all(service, monkeypatch):
    monkeypatch.setattr(pool, "ALL_KEPT_MAX", 2)

    async def main() -> int:
        kept = Connections()
        await asyncio.gather(*[_one(kept, get(service)) for _ in range(5)])
        count = sum(map(len, kept.idle.values()))
        await kept.aclose()
        return count

    assert asyncio.run(main()) == 2


def test_an_answer_that_nobody_asked_for_answers_nothing(service):
    """A server that speaks first could have its word taken for the next answer."""
    twice = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n11HTTP/1.1 200 OK\r\n", pause_s=0.5)
    service.answers("x.y.z", twice, answering(b"22"))
    assert [body for _, _, body in ask(get(service), get(service))] == [b"11", b"22"]
    assert service.connection_count == 2


def test_a_server_that_speaks_before_it_is_asked_has_said_nothing():
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def main() -> None:
        async with listening(speak) as port:
            connected = await connection.connect(
                Request("GET", f"http://localhost:{port}/", {}, is_ours=True).place(), is_ours=True
            )
            while not connected.is_lost:
                await asyncio.sleep(0.01)
            request = Request("POST", f"http://localhost:{port}/", {}, is_ours=True)
            with pytest.raises(http_client.BadResponse):
                await connected.ask(request, request.place())

    asyncio.run(main())


def test_the_whole_exchange_may_have_a_clock(service):
    service.answers("x.y.z", raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 600, pause_s=0.05))
    with pytest.raises(http_client.TimedOut, match="too long"):
        ask(get(service, timeout_s=0.3))


def test_what_nobody_asks_for_again_is_closed(service, monkeypatch):
    monkeypatch.setattr(pool, "KEPT_S", 0.05)

    async def main():
        kept = Connections()
        await _one(kept, get(service))
        assert kept.idle
        while kept.idle:
            await asyncio.sleep(0.05)

    asyncio.run(main())


def found(*names: str):
    async def look_up(_name):
        return list(names)

    return look_up
