"""A long answer and a client that takes its time."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.web.bodies import long_responses
from server.web.bodies.body_transfers import BodyTransfer
from server.web.bodies.chunks import PIECE_BYTES, BodyReader
from server.web.bodies.long_responses import Stream
from server.web.bodies.streams import Answer, Message, ResponseWriter


class Reader:
    """A client that takes what is sent when it is told to."""

    def __init__(self) -> None:
        self.takes = asyncio.Event()
        self.sent: list[bytes] = []

    async def send(self, message: Message) -> None:
        if self.sent:  # as uvicorn has it: what finds the buffer full waits before it is written
            await self.takes.wait()
        if message.get("body"):
            self.sent.append(message["body"])

    async def receive(self) -> Message:
        raise AssertionError


class Source:
    """Three pieces; counts those that were read."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(3):
            self.read += 1
            yield b"x" * PIECE_BYTES


def sending(reader: Reader, rest: BodyReader, release: Callable[[], Any]) -> "asyncio.Task[None]":
    async def run(work: Callable[[], Any]) -> Any:
        return work()

    async def gone() -> None:
        release()

    writer = ResponseWriter(reader.receive, reader.send, is_head=False)
    stream = Stream(writer, BodyTransfer("a"), run, gone)
    return asyncio.ensure_future(stream.send(Answer(200, [], b"first"), rest))


async def a_while() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_nothing_is_read_before_what_was_sent_is_taken() -> None:
    async def main() -> list[int]:
        reader, source = Reader(), Source()
        task = sending(reader, BodyReader(source), lambda: None)
        await a_while()
        read = [source.read]
        reader.takes.set()
        await task
        return [*read, source.read, sum(map(len, reader.sent))]

    assert asyncio.run(main()) == [0, 3, 3 * PIECE_BYTES + len(b"first")]


def test_a_snapshot_ends_while_its_reader_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_responses, "SPILL_AFTER_S", 0.05)

    async def main() -> int:
        reader, source, release = Reader(), Source(), asyncio.Event()
        task = sending(reader, BodyReader(source, is_snapshot=True), release.set)
        async with asyncio.timeout(20):
            await release.wait()
        assert (source.read, reader.sent) == (3, [b"first"])
        reader.takes.set()
        await task
        return sum(map(len, reader.sent))

    assert asyncio.run(main()) == 3 * PIECE_BYTES + len(b"first")
