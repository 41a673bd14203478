"""The backlog of one consumer: the table, a page at a time and within the process's budget.

The next page is read ahead only when the consumer has taken most of the one before: one that does
not read holds a single page.
"""

import asyncio

from repos.events.streams.budget import BackfillBudget, Hold
from repos.events.streams.table import PAGE_BYTES, Page, TableReader

PAGE = 200

_Ahead = tuple[int, "asyncio.Task[Page | None]", Hold]  # for which place


class Backlog:
    """Pages of a stream's events in order of `seq`. Close it."""

    def __init__(self, reader: TableReader, key: int, budget: BackfillBudget) -> None:
        self._reader = reader
        self._key = key
        self._budget = budget
        self._held: Hold | None = None  # of the page that the consumer takes now
        self._ahead: _Ahead | None = None

    async def page(self, after: int) -> Page | None:
        """Events beyond `after`, in place of the page before; None only when there are none at this
        moment."""
        self._release()
        page = await self._read_ahead(after)
        if page is None:
            self._release()
            self._held = await self._budget.take(PAGE_BYTES)
            page = await self._read(after)
        if page is None:
            self._release()
        elif self._held is not None:
            self._budget.resize(self._held, sum(map(len, page.frames)))
        return page

    def read_ahead(self, after: int) -> None:
        """Begin to read the page beyond `after`, if there is room for it."""
        hold = self._budget.try_take(PAGE_BYTES)
        if hold is not None:
            self._ahead = (after, asyncio.create_task(self._read(after)), hold)

    def close(self) -> None:
        """Read no further, hold nothing."""
        self._release()
        if self._ahead is not None:
            _, reading, hold = self._ahead
            self._ahead = None
            reading.cancel()
            self._budget.give_back(hold)

    async def _read_ahead(self, after: int) -> Page | None:
        """What was read ahead for this place; None for another, and for what was too early."""
        if self._ahead is None or self._ahead[0] != after:
            self.close()
            return None
        _, reading, self._held = self._ahead
        self._ahead = None
        return await reading

    def _release(self) -> None:
        self._budget.give_back(self._held)
        self._held = None

    async def _read(self, after: int) -> Page | None:
        return await self._reader.page(self._key, after, PAGE)
