"""Whose transfer gives way, and who waits for a place."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

import pytest

from hosting import transfers
from hosting.transfers import CutOff, Places, TooManyWait, Transfer, Transfers


def is_cut(transfer: Transfer) -> bool:
    return transfer._cut.done()


def running(stack: ExitStack, all_of_them: Transfers, who: str, *sizes: int) -> list[Transfer]:
    made = [stack.enter_context(all_of_them.one_more(who)) for _ in sizes]
    for transfer, size in zip(made, sizes, strict=True):
        transfer.count(size)
    return made


def test_one_more_than_a_client_may_have_cuts_off_its_slowest() -> None:
    async def main() -> list[bool]:
        both = Transfers(each_max=3, most=100)
        with ExitStack() as stack:
            others = running(stack, both, "b", 1)
            made = running(stack, both, "a", 500, 100, 900)
            running(stack, both, "a", 0)
            return [is_cut(each) for each in (*made, *others)]

    assert asyncio.run(main()) == [False, True, False, False]


def test_a_full_process_cuts_off_the_slowest_of_who_has_most() -> None:
    async def main() -> list[bool]:
        both = Transfers(each_max=3, most=5)
        with ExitStack() as stack:
            few = running(stack, both, "b", 1, 1)
            many = running(stack, both, "a", 700, 900, 800)
            running(stack, both, "c", 0)
            return [is_cut(each) for each in (*few, *many)]

    assert asyncio.run(main()) == [False, False, True, False, False]


@pytest.mark.parametrize("how", ["cut", "left"])
def test_work_ends_with_its_transfer(how: str) -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(how)

    async def main() -> None:
        transfer = Transfer("a")
        if how == "cut":
            asyncio.get_running_loop().call_later(0.01, transfer.cut_off)
        await transfer.until_cut(work(), asyncio.sleep(60 if how == "cut" else 0.01))

    with pytest.raises(CutOff):
        asyncio.run(main())
    assert ended == [how]


def test_a_client_that_has_its_places_leaves_those_of_others() -> None:
    async def main() -> list[str]:
        places, order = Places(each_max=1, most=2), []

        async def visit(who: str) -> None:
            async with places.one_for(who):
                order.append(who)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(visit(who) for who in ("a", "a", "a", "b", "b")))
        return order

    assert asyncio.run(main()) == ["a", "b", "a", "b", "a"]


def test_who_waits_gets_the_place_of_who_leaves_and_nobody_else_loses_one() -> None:
    async def main() -> None:
        places = Places(each_max=2, most=2)
        async with AsyncExitStack() as held:
            for who in ("a", "b"):
                await held.enter_async_context(places.one_for(who))
            waiting = asyncio.ensure_future(_taken(places, "c"))
            await asyncio.sleep(0)
            waiting.cancel()
        async with asyncio.timeout(5), places.one_for("d"), places.one_for("d"):
            pass

    asyncio.run(main())


async def _taken(places: Places, who: str) -> None:
    async with places.one_for(who):
        await asyncio.sleep(0)


def test_nobody_waits_for_more_than_makes_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "WAITING_EACH_MAX", 1)

    async def main() -> None:
        places = Places(each_max=1, most=5)
        async with places.one_for("a"):
            waiting = asyncio.ensure_future(_taken(places, "a"))
            await asyncio.sleep(0)
            try:
                await _taken(places, "a")
            finally:
                waiting.cancel()

    with pytest.raises(TooManyWait):
        asyncio.run(main())
