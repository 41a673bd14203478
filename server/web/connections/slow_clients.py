"""Slow clients: the lowest rate at which a client may read its response.

A write that does not fit waits in memory until the client takes it. Whoever takes nothing, or a few
bytes now and then, would hold it for as long as it likes, so time with a full buffer is a credit:
spent by the clock, earned back by the bytes that are taken.
"""

import asyncio

from server.web import process_limits

STALLED_S = process_limits.IDLE_S  # of nothing at all
SLOWEST_BYTES_PER_S = process_limits.SLOWEST_ANSWER_BYTES_PER_S  # kept up for longer than that


class SlowClientGuard:
    """Watches one connection while its buffer is full; aborts it when the credit is used up."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        stalled_s: float = STALLED_S,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._stalled_s = self._credit_s = stalled_s
        self._since = 0.0
        self._unsent_bytes = 0
        self._due: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The buffer is full: nothing more is written until `end`."""
        self._since = self._loop.time()
        self._unsent_bytes = self._transport.get_write_buffer_size()
        self._due = self._loop.call_later(self._credit_s, self._look)

    def end(self) -> None:
        """There is room again, or the connection is gone."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
            self._settle()

    def _settle(self) -> None:
        now, unsent_bytes = self._loop.time(), self._transport.get_write_buffer_size()
        earned_s = max(0, self._unsent_bytes - unsent_bytes) / SLOWEST_BYTES_PER_S
        left_s = self._credit_s - (now - self._since) + earned_s
        self._credit_s = min(self._stalled_s, left_s)
        self._since, self._unsent_bytes = now, unsent_bytes

    def _look(self) -> None:
        self._settle()
        if self._credit_s <= 0:
            self._transport.abort()
        else:
            self._due = self._loop.call_later(self._credit_s, self._look)
