import asyncio
from collections.abc import Awaitable, Callable

from repos.events.streams.backlog import PAGE, Backlog
from repos.events.streams.budget import BackfillBudget
from repos.events.streams.table import Page


class Table:
    """Events 1 to `newest`; it notes where pages were asked for."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self.asked: list[int] = []
        self.is_slow = False

    async def page(self, _key: int, after: int, limit: int) -> Page | None:
        self.asked.append(after)
        last = min(self.newest, after + limit)
        await asyncio.sleep(60 if self.is_slow else 0)
        return Page(after + 1, last, [b""] * (last - after)) if last > after else None


def read(table: Table, scene: Callable[[Backlog], Awaitable[list[int]]]) -> list[int]:
    async def run() -> list[int]:
        budget = BackfillBudget()
        backlog = Backlog(table, 1, budget)  # type: ignore[arg-type] # a table without Postgres
        try:
            return await scene(backlog)
        finally:
            backlog.close()
            assert budget.held_bytes == 0

    return asyncio.run(run())


def numbers(page: Page | None) -> list[int]:
    return [] if page is None else list(range(page.first_seq, page.last_seq + 1))


async def lasts(backlog: Backlog, count: int) -> list[int]:
    """The last number of so many pages, each asked for where the one before ended."""
    reached = [0]
    for _ in range(count):
        page = await backlog.page(reached[-1])
        assert page is not None
        reached.append(page.last_seq)
        backlog.read_ahead(page.last_seq)
        await asyncio.sleep(0.001)
    return reached[1:]


def test_each_page_is_read_once_and_one_ahead() -> None:
    table = Table(5 * PAGE)
    assert read(table, lambda backlog: lasts(backlog, 2)) == [PAGE, 2 * PAGE]
    assert table.asked == [0, PAGE, 2 * PAGE]


def test_who_takes_nothing_has_nothing_read_ahead() -> None:
    table = Table(3 * PAGE)

    async def scene(backlog: Backlog) -> list[int]:
        await backlog.page(0)
        await asyncio.sleep(0.001)
        return [*table.asked]

    assert read(table, scene) == [0]


def test_what_was_read_ahead_too_early_is_read_again() -> None:
    table = Table(3)

    async def scene(backlog: Backlog) -> list[int]:
        await backlog.page(0)
        backlog.read_ahead(3)
        await asyncio.sleep(0.001)
        table.newest = 5
        return numbers(await backlog.page(3))

    assert read(table, scene) == [4, 5]


def test_a_page_for_another_place_is_not_what_was_read_ahead() -> None:
    async def scene(backlog: Backlog) -> list[int]:
        await backlog.page(0)
        backlog.read_ahead(PAGE)
        return numbers(await backlog.page(PAGE + 7))[:2]

    assert read(Table(3 * PAGE), scene) == [PAGE + 8, PAGE + 9]


def test_closing_ends_the_reading_ahead() -> None:
    table = Table(3 * PAGE)

    async def scene(backlog: Backlog) -> list[int]:
        await backlog.page(0)
        table.is_slow = True
        backlog.read_ahead(PAGE)
        await asyncio.sleep(0.001)
        backlog.close()
        await asyncio.sleep(0.001)
        return [len(asyncio.all_tasks())]

    assert read(table, scene) == [1]
