import time

from protocol import tid
from repos.state import revs


def rev_in(seconds: float) -> str:
    return tid.encode(time.time_ns() // 1000 + int(seconds * 1_000_000), 7)


def test_revs_only_rise() -> None:
    made = [revs.next_rev(rev_in(-60)) for _ in range(100)]
    assert made == sorted(set(made))


def test_a_rev_ahead_of_the_clock_is_still_followed() -> None:
    assert revs.next_rev(rev_in(60)) > rev_in(59)


def test_the_later_of_two_hosts_revs_counts() -> None:
    earlier, later = rev_in(-60), rev_in(-30)
    assert revs.later(earlier, later) == revs.later(later, earlier) == later


def test_a_foreign_rev_from_the_future_does_not() -> None:
    ours = rev_in(-60)
    assert revs.later(ours, rev_in(3600)) == ours


def test_a_foreign_rev_with_its_top_bit_set_is_from_the_future() -> None:
    ours = rev_in(-60)
    assert revs.later(ours, "g3wk222wk222b") == ours
