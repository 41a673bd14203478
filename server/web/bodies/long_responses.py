"""Streaming of long responses: pieces are read in threads and sent by the event loop.

Nothing is read ahead of a client: one that takes its time holds a piece at the most. A snapshot of
the database is not kept waiting for it: after a moment of that, the rest is read to a file as fast
as it comes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any

from server.web.bodies.body_transfers import BodyTransfer
from server.web.bodies.chunks import PIECE_BYTES, PIECE_MAX_BYTES, BodyReader
from server.web.bodies.streams import Answer, ResponseWriter

WAITED_S = 0.1  # in all: who takes longer gets smaller pieces
SPILL_AFTER_S = 0.25  # of waiting for the client, in all
Run = Callable[[Callable[[], Any]], Awaitable[Any]]
Release = Callable[[], Awaitable[None]]


class Stream:
    """One long answer. `run` runs work in a thread; `release` is called as soon as a snapshot, if
    there was one, is closed."""

    def __init__(
        self,
        writer: ResponseWriter,
        transfer: BodyTransfer,
        run: Run,
        release: Release,
    ) -> None:
        self._writer = writer
        self._transfer = transfer
        self._run = run
        self._release = release
        self._waited_s = 0.0

    async def send(self, answer: Answer, rest: BodyReader) -> None:
        """Send all of it. Raises what reading it raises, and PoolIsFull."""
        await self._writer.begin(answer, is_whole=False)
        await self._piece(answer.body, rest)
        while not rest.has_ended:
            size = PIECE_BYTES if self._waited_s > WAITED_S else PIECE_MAX_BYTES
            await self._piece(await self._run(partial(rest.next, size)), rest)

    async def _piece(self, piece: bytes, rest: BodyReader) -> None:
        sending = asyncio.ensure_future(self._until_taken(piece, is_last=rest.has_ended))
        try:
            if rest.is_snapshot:
                await asyncio.wait({sending}, timeout=max(0, SPILL_AFTER_S - self._waited_s))
                if not sending.done():
                    await self._spill(rest)
            await sending
        finally:
            sending.cancel()

    async def _until_taken(self, piece: bytes, *, is_last: bool) -> None:
        """Send a piece, and wait until most of it is gone: only then is the next one read."""
        begun_at = monotonic()
        await self._writer.piece(piece, is_last=is_last)
        if not is_last:
            await self._writer.taken()
        self._transfer.count(len(piece))
        self._waited_s += monotonic() - begun_at

    async def _spill(self, rest: BodyReader) -> None:
        while await self._run(rest.spill):
            pass
        await self._release()
