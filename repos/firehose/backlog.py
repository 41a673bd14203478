"""One consumer's way through the table: the next page is read while it takes the one before."""

import asyncio

from repos.firehose.table import EventTable, Page

PAGE = 200


class Backlog:
    """Pages of a host's events in order of `seq`. Close it."""

    def __init__(self, table: EventTable, host_id: int) -> None:
        self._table = table
        self._host_id = host_id
        self._ahead: asyncio.Task[Page | None] | None = None
        self._ahead_of = 0

    async def page(self, after: int) -> Page | None:
        """Events beyond `after`; None only when there are none at this moment."""
        page = await self._read_ahead(after) or await self._read(after)
        if page:
            self._ahead_of = page.last_seq
            self._ahead = asyncio.create_task(self._read(self._ahead_of))
            await asyncio.sleep(0)  # Postgres begins now, not when all of this page is sent
        return page

    def close(self) -> None:
        """Read no further."""
        if self._ahead is not None:
            self._ahead.cancel()

    async def _read_ahead(self, after: int) -> Page | None:
        """What was read ahead for this place; None for another, and for what was too early."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return None
        if self._ahead_of == after:
            return await ahead
        ahead.cancel()
        return None

    async def _read(self, after: int) -> Page | None:
        return await self._table.page(self._host_id, after, PAGE)
