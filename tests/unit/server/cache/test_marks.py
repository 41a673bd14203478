"""Marks of the event loop: set once, agreed on with the library, and given up when Valkey fails."""

import asyncio
import contextlib
import secrets
import time

import pytest
import redis
import uvloop
from django.conf import settings

from server.cache.marks import Marks, MarksUnavailable


def run(url: str, *claims: tuple[str, int]) -> list[object]:
    """What each claim is told, one after the other, on one connection."""

    async def ask() -> list[object]:
        marks = Marks(lambda: url)
        told: list[object] = []
        for key, lasts_s in claims:
            try:
                told.append(await marks.claim(key, int(time.time()) + lasts_s))
            except MarksUnavailable:
                told.append(None)
        marks.close()
        return told

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server has it
        return runner.run(ask())


@pytest.fixture
def key() -> str:
    return f"test-mark:{secrets.token_hex(8)}"


def test_a_mark_is_set_once(key):
    assert run(settings.VALKEY_URL, (key, 60), (key, 60), (f"{key}2", 60)) == [True, False, True]


def test_the_library_sees_the_same_marks(key):
    client = redis.Redis.from_url(settings.VALKEY_URL)
    assert run(settings.VALKEY_URL, (key, 60)) == [True]
    assert client.set(key, 1, nx=True) is None
    assert 0 < client.ttl(key) <= 60


def test_many_at_once_are_answered_in_their_order(key):
    async def ask() -> list[bool]:
        marks = Marks(lambda: settings.VALKEY_URL)
        await marks.claim(f"{key}:first", int(time.time()) + 60)
        ends = int(time.time()) + 60
        told = await asyncio.gather(*(marks.claim(f"{key}:{n % 20}", ends) for n in range(40)))
        marks.close()
        return list(told)

    assert asyncio.run(ask()) == [True] * 20 + [False] * 20


@pytest.mark.parametrize(
    "url", ["", "rediss://localhost:1", "redis://127.0.0.1:9", "unix:///nowhere/valkey.sock"]
)
def test_without_valkey_nobody_knows(url, key):
    assert run(url, (key, 60), (key, 60)) == [None, None]


def test_a_refused_question_gives_the_connection_up(key):
    assert run(settings.VALKEY_URL, (key, -2_000_000_000), (key, 60)) == [None, None]


def test_a_valkey_that_never_greets_keeps_no_socket(key):
    async def ask() -> bytes:
        is_left: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                await reader.read()
            is_left.set_result(b"left")
            writer.close()

        async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
            marks = Marks(lambda: f"redis://:word@127.0.0.1:{server.sockets[0].getsockname()[1]}")
            with pytest.raises(MarksUnavailable):
                await marks.claim(key, int(time.time()) + 60)
            return await asyncio.wait_for(is_left, 30)

    assert asyncio.run(ask()) == b"left"
