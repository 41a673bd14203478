"""Who holds it, who waits, and what is left by those who give up waiting."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from server.net.client_networks import Client
from server.web.threads import fair_semaphore
from server.web.threads.fair_queue import QueueIsFull
from server.web.threads.fair_semaphore import FairSemaphore


async def held(semaphore: FairSemaphore, who: str, order: list[str]) -> None:
    async with semaphore.held_by(Client(who, who)):
        order.append(who)
        await asyncio.sleep(0.01)


def in_order(semaphore: FairSemaphore, *clients: str) -> list[str]:
    async def main() -> list[str]:
        order: list[str] = []
        await asyncio.gather(*(held(semaphore, who, order) for who in clients))
        return order

    return asyncio.run(main())


def test_a_client_that_has_its_part_leaves_that_of_others() -> None:
    assert in_order(FairSemaphore(1, 2), *"aaabb") == ["a", "b", "a", "b", "a"]


def test_who_has_nothing_waits_for_nobody_s_queue() -> None:
    crowd = [f"network {number}" for number in range(20)] * 5
    order = in_order(FairSemaphore(2, 4), *crowd, "newcomer")
    assert order.index("newcomer") < 40


def test_who_gives_up_waiting_takes_nobody_s_turn() -> None:
    async def main() -> None:
        semaphore = FairSemaphore(1, 1)
        async with AsyncExitStack() as first:
            await first.enter_async_context(semaphore.held_by(Client("a", "a")))
            waiting = asyncio.ensure_future(held(semaphore, "b", []))
            await asyncio.sleep(0)
            waiting.cancel()
        async with asyncio.timeout(5):
            await held(semaphore, "c", [])
        assert waiting.cancelled()

    asyncio.run(main())


def test_who_leaves_when_its_turn_comes_hands_it_on() -> None:
    async def main() -> None:
        semaphore = FairSemaphore(1, 1)
        async with semaphore.held_by(Client("a", "a")):
            waiting = asyncio.ensure_future(held(semaphore, "b", []))
            await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(5):
            await held(semaphore, "c", [])
        assert waiting.cancelled()

    asyncio.run(main())


def test_nobody_waits_for_more_than_makes_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_semaphore, "WAITING_MAX", 1)
    with pytest.raises(QueueIsFull):
        in_order(FairSemaphore(1, 1), *"aaaaa")
