"""Bytes of backfill in flight: bounded for all readers of a process together."""

import asyncio

import pytest

from repos.events.streams import budget
from repos.events.streams.budget import BackfillBudget, was_cut_off


async def _stalled(bytes_left: BackfillBudget, size: int) -> bool:
    """A reader that takes its page and nothing after it; whether it was cut off."""
    held = await bytes_left.take(size)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return was_cut_off()
    finally:
        bytes_left.give_back(held)
    return False


def test_readers_together_hold_no_more_than_the_budget() -> None:
    async def scene() -> int:
        left = BackfillBudget(most_bytes=100)
        tasks = [asyncio.create_task(_stalled(left, 30)) for _ in range(50)]
        await asyncio.sleep(0.05)
        held = left.held_bytes
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert left.held_bytes == 0
        return held

    assert asyncio.run(scene()) == 90


def test_the_slowest_makes_room_for_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "PATIENCE_S", 0.0)

    async def scene() -> list[bool]:
        left = BackfillBudget(most_bytes=100)
        tasks = [asyncio.create_task(_stalled(left, 50)) for _ in range(2)]
        await asyncio.sleep(0.01)
        left.give_back(await asyncio.wait_for(left.take(50), 10))
        tasks[1].cancel()
        return await asyncio.gather(*tasks)

    assert asyncio.run(scene()) == [True, False]


def test_nobody_is_cut_off_while_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "PATIENCE_S", 0.0)

    async def scene() -> bool:
        left = BackfillBudget(most_bytes=100)
        task = asyncio.create_task(_stalled(left, 50))
        await asyncio.sleep(0.01)
        left.give_back(await left.take(50))
        is_there = not task.done()
        task.cancel()
        return is_there

    assert asyncio.run(scene())


def test_what_is_given_back_twice_counts_once() -> None:
    async def scene() -> int:
        left = BackfillBudget(most_bytes=100)
        held = await left.take(50)
        left.resize(held, 70)
        left.give_back(held)
        left.give_back(held)
        return left.held_bytes

    assert asyncio.run(scene()) == 0
