"""Back-off: the pause after so many attempts that failed."""

from datetime import timedelta

_DOUBLINGS_MAX = 20


def pause_after(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """`first` after one attempt, twice as long after each further one, `longest` at the most."""
    doublings = min(max(attempts - 1, 0), _DOUBLINGS_MAX)
    return min(first * (1 << doublings), longest)
