"""TIDs: vectors, order, and a clock that never repeats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import syntax, tid

times = st.integers(0, tid.MAX_US)
clock_ids = st.integers(0, tid.MAX_CLOCK_ID)


@given(times, clock_ids)
def test_a_tid_reads_back_as_it_was_written(us: int, clock_id: int) -> None:
    text = tid.encode(us, clock_id)
    assert tid.decode(text) == (us, clock_id)
    assert syntax.is_tid(text)


@given(times, clock_ids, times, clock_ids)
def test_the_order_of_text_is_the_order_of_time(us: int, a: int, other_us: int, b: int) -> None:
    by_text = tid.encode(us, a) < tid.encode(other_us, b)
    assert by_text == ((us, a) < (other_us, b))


@pytest.mark.parametrize(("us", "clock_id"), [(-1, 0), (2**53, 0), (0, -1), (0, 1024)])
def test_numbers_that_do_not_fit_are_refused(us: int, clock_id: int) -> None:
    with pytest.raises(tid.InvalidTid):
        tid.encode(us, clock_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3ke6kg3wk222",
        "3ke6kg3wk222bb",
        "3KE6KG3WK222B",
        "kke6kg3wk222b",
        "3ke6kg3wk2221",
        "é" * 13,
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(tid.InvalidTid):
        tid.decode(text)


@given(st.lists(st.integers(0, 2**40), min_size=2))
def test_a_clock_only_goes_forward_whatever_the_wall_clock_does(walls: list[int]) -> None:
    clock = tid.TidClock(7)
    given_out = [clock.next(wall) for wall in walls]
    assert given_out == sorted(set(given_out))


@given(st.lists(st.integers(0, 2**40), min_size=2), times.filter(lambda us: us < 2**52))
def test_a_chain_of_revs_only_goes_forward(walls: list[int], start: int) -> None:
    clock = tid.TidClock(7)
    chain = [tid.encode(start, 1023)]
    for wall in walls:
        chain.append(clock.next(wall, after=chain[-1]))
    assert chain == sorted(set(chain))


def test_a_rev_ahead_of_the_clock_does_not_drag_the_clock_along() -> None:
    clock = tid.TidClock(7)
    ahead = tid.encode(9_000_000, 7)
    assert tid.decode(clock.next(1_000_000, after=ahead)) == (9_000_001, 7)
    assert tid.decode(clock.next(1_000_001)) == (1_000_001, 7)
