"""A semaphore that is fair to clients: so many hold it at a time, whoever else wants it.

Whose turn is next: server.web.threads.fair_queue. Belongs to the event loop.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from server.net.client_networks import Client
from server.web.threads.fair_queue import FairQueue, QueueIsFull

WAITING_MAX = 512


class FairSemaphore:
    """`most` hold it at a time, of one client `each_max` as long as nobody else asks."""

    def __init__(self, each_max: int, most: int) -> None:
        self._most = most
        self._queue: FairQueue[asyncio.Future[None]] = FairQueue(2 * each_max, most, WAITING_MAX)

    @asynccontextmanager
    async def held_by(self, client: Client) -> AsyncIterator[None]:
        """Hold it, as soon as it is the client's turn. Raises QueueIsFull."""
        await self._turn_of(client)
        begun_at = monotonic()
        try:
            yield
        finally:
            self._release(client, monotonic() - begun_at)

    async def _turn_of(self, client: Client) -> None:
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        displaced = self._queue.push(client, given)
        if displaced is not None and not displaced.done():
            displaced.set_exception(QueueIsFull())
        self._hand_on()
        try:
            await given
        except asyncio.CancelledError:
            if given.cancelled():
                self._queue.discard(client, given)
            elif given.exception() is None:  # it was given in the same moment
                self._release(client, 0.0)
            raise

    def _release(self, client: Client, held_s: float) -> None:
        self._queue.done(client, held_s)
        self._hand_on()

    def _hand_on(self) -> None:
        while self._queue.running < self._most and (taken := self._queue.take()) is not None:
            client, given = taken
            if given.cancelled():  # whoever waited has yet to notice
                self._queue.done(client, 0.0)
            else:
                given.set_result(None)
