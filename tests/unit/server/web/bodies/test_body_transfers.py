"""Whose transfer gives way."""

import asyncio
from contextlib import ExitStack

import pytest

from server.web.bodies.body_transfers import BodyTransfer, BodyTransfers, CutOff


def is_cut(transfer: BodyTransfer) -> bool:
    return transfer.cut.done()


def running(
    stack: ExitStack, all_of_them: BodyTransfers, who: str, *sizes: int
) -> list[BodyTransfer]:
    made = [stack.enter_context(all_of_them.admit(who)) for _ in sizes]
    for transfer, size in zip(made, sizes, strict=True):
        transfer.count(size)
    return made


def test_one_more_than_a_client_may_have_cuts_off_its_slowest() -> None:
    async def main() -> list[bool]:
        both = BodyTransfers(each_max=3, most=100)
        with ExitStack() as stack:
            others = running(stack, both, "b", 1)
            made = running(stack, both, "a", 500, 100, 900)
            running(stack, both, "a", 0)
            return [is_cut(each) for each in (*made, *others)]

    assert asyncio.run(main()) == [False, True, False, False]


def test_a_full_process_cuts_off_the_slowest_of_who_has_most() -> None:
    async def main() -> list[bool]:
        both = BodyTransfers(each_max=3, most=5)
        with ExitStack() as stack:
            few = running(stack, both, "b", 1, 1)
            many = running(stack, both, "a", 700, 900, 800)
            running(stack, both, "c", 0)
            return [is_cut(each) for each in (*few, *many)]

    assert asyncio.run(main()) == [False, False, True, False, False]


def test_of_clients_that_have_as_many_the_slowest_gives_way() -> None:
    async def main() -> list[bool]:
        both = BodyTransfers(each_max=3, most=3)
        with ExitStack() as stack:
            made = [running(stack, both, *one)[0] for one in (("a", 900), ("b", 5), ("c", 700))]
            running(stack, both, "d", 0)
            return [is_cut(each) for each in made]

    assert asyncio.run(main()) == [False, True, False]


@pytest.mark.parametrize("how", ["cut", "left"])
def test_work_ends_with_its_transfer(how: str) -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(how)

    async def main() -> None:
        transfer = BodyTransfer("a")
        if how == "cut":
            asyncio.get_running_loop().call_later(0.01, transfer.cut_off)
        await transfer.until_cut(work(), asyncio.sleep(60 if how == "cut" else 0.01))

    with pytest.raises(CutOff):
        asyncio.run(main())
    assert ended == [how]
