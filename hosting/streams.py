"""Long answers on their way: pieces are read in threads and sent by the event loop.

A snapshot of the database is not kept waiting for a client that takes its time: after a moment of
that, the rest is read to a file as fast as it comes.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any

from hosting.pieces import PIECE_BYTES, PIECE_MAX_BYTES, Pieces
from hosting.transfers import Transfer
from hosting.wire import Answer, Outlet

WAITED_S = 0.1  # in all: who takes longer gets smaller pieces
SPILL_AFTER_S = 1.0  # of waiting for the client, in all
Run = Callable[[Callable[[], Any]], Awaitable[Any]]
LetGo = Callable[[], Awaitable[None]]


class Stream:
    """One long answer. `run` runs work in a thread; `let_go` is called as soon as a snapshot, if
    there was one, is closed."""

    def __init__(
        self,
        outlet: Outlet,
        transfer: Transfer,
        run: Run,
        let_go: LetGo,
    ) -> None:
        self._outlet = outlet
        self._transfer = transfer
        self._run = run
        self._let_go = let_go
        self._waited_s = 0.0

    async def send(self, answer: Answer, rest: Pieces) -> None:
        """Send all of it. Raises what reading it raises, and LaneIsFull."""
        await self._outlet.begin(answer, is_whole=False)
        await self._piece(answer.body, is_last=False)
        while not rest.has_ended:
            if rest.is_snapshot and self._waited_s > SPILL_AFTER_S:
                await self._spill(rest)
            size = PIECE_BYTES if self._waited_s > WAITED_S else PIECE_MAX_BYTES
            piece = await self._run(partial(rest.next, size))
            await self._piece(piece, is_last=rest.has_ended)

    async def _piece(self, piece: bytes, *, is_last: bool) -> None:
        begun_at = monotonic()
        await self._outlet.piece(piece, is_last=is_last)
        self._transfer.count(len(piece))
        self._waited_s += monotonic() - begun_at

    async def _spill(self, rest: Pieces) -> None:
        while await self._run(rest.spill):
            pass
        await self._let_go()
