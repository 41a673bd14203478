"""Subscribers of bench.relay_week: one that comes back with its cursor, others who pass by."""

import asyncio
import random
from contextlib import suppress

import libipld
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

PASSERS_BY_S = 0.5  # between two of them
READ = 50  # messages that one reads at the most
STREAMS = (
    "/xrpc/com.atproto.sync.subscribeRepos",
    "/subscribe?x=",
    "/xrpc/network.bsky.jetstream.subscribeEvents?x=",
)


class Follower:
    """`last` is its place, `wrong` what was out of order or told twice, `missed` the numbers that
    it was not told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.last = self.count = self.wrong = self.back = 0
        self.missed: set[int] = set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                url = f"{self.url}?cursor={self.last}"
                async with connect(url, host="127.0.0.1", compression=None) as stream:
                    async for message in stream:
                        self._note(message)
            except (OSError, WebSocketException):
                pass
            self.back += 1
            await asyncio.sleep(0.2)

    def _note(self, message: bytes | str) -> None:
        assert isinstance(message, bytes)
        _, body = libipld.decode_dag_cbor_multi(message)
        if "seq" not in body:  # a word on what is not kept any more
            return
        self.wrong += body["seq"] <= self.last
        self.missed.update(range(self.last + 1, body["seq"]))
        self.last, self.count = body["seq"], self.count + 1


async def come_and_go(base: str) -> None:
    """Subscribers of all streams, until cancelled; half of them hang up without a word."""
    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(_pass_by(base + random.choice(STREAMS)))
            await asyncio.sleep(PASSERS_BY_S)


async def _pass_by(url: str) -> None:
    with suppress(OSError, WebSocketException, TimeoutError):
        async with asyncio.timeout(20), connect(url, host="127.0.0.1", close_timeout=1) as stream:
            for _ in range(random.randrange(READ)):
                await stream.recv()
            if random.random() < 0.5:
                stream.transport.abort()
