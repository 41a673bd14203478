"""Who waits for the database goes in together: one thread settles what all of them wish.

The first that comes leads: it settles its own item while others gather behind it. When it is done,
the first of those leads the next group, which is all that waited by then. So nobody waits for
company, and under load a group grows as long as the one before it took. A leader that is held up
(by a lock of another process, say) holds up its own group alone: who has waited for PATIENCE_S and
was not taken along leads another.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

PATIENCE_S = 0.05

T = TypeVar("T")


class _Seat(Generic[T]):
    """One waiting thread. `turn` is released once: when the item is settled, or with a `group`
    that this thread has to lead."""

    __slots__ = ("group", "item", "turn", "weight")

    def __init__(self, item: T, weight: int) -> None:
        self.item = item
        self.weight = weight
        self.group: list[_Seat[T]] = []
        self.turn = threading.Lock()
        self.turn.acquire()


More = Callable[[Callable[[T], bool]], list[T]]


class GroupCommit(Generic[T]):
    """`settle(items, more)` gets every item once, in groups whose weights come to `max_weight` at
    most (one item may weigh more). What became of an item is written on it; `settle` must not
    raise. `more(belongs)` gives those of the items that came meanwhile which belong to the group;
    they have to be settled with it. Groups may be under way in several threads."""

    def __init__(self, settle: Callable[[Sequence[T], More[T]], None], max_weight: int) -> None:
        self._settle = settle
        self._max_weight = max_weight
        self._guard = threading.Lock()
        self._waiting: deque[_Seat[T]] = deque()
        self._leaders = 0

    def join(self, item: T, weight: int = 1) -> None:
        """Return when the item is settled."""
        seat = _Seat(item, weight)
        with self._guard:
            if self._leaders == 0:
                self._leaders = 1
                seat.group = [seat]
            else:
                self._waiting.append(seat)
        if not seat.group:
            self._wait(seat)
        if seat.group:
            self._lead(seat)

    def _wait(self, seat: _Seat[T]) -> None:
        while not seat.turn.acquire(timeout=PATIENCE_S):
            with self._guard:
                if seat in self._waiting:
                    self._leaders += 1
                    self._waiting.remove(seat)
                    self._waiting.appendleft(seat)
                    seat.group = self._next_group()
                    return

    def _lead(self, leader: _Seat[T]) -> None:
        try:
            items = [seat.item for seat in leader.group]
            self._settle(items, lambda belongs: self._more(leader, belongs))
        finally:
            with self._guard:
                group = self._next_group()
                self._leaders -= not group
            for seat in leader.group:
                if seat is not leader:
                    seat.turn.release()
            if group:
                group[0].group = group
                group[0].turn.release()

    def _more(self, leader: _Seat[T], belongs: Callable[[T], bool]) -> list[T]:
        with self._guard:
            late = [seat for seat in self._waiting if belongs(seat.item)]
            for seat in late:
                self._waiting.remove(seat)
            leader.group += late
        return [seat.item for seat in late]

    def _next_group(self) -> list[_Seat[T]]:
        """Those who wait, from the front, as far as one group goes."""
        group: list[_Seat[T]] = []
        left = self._max_weight
        while self._waiting and (not group or self._waiting[0].weight <= left):
            seat = self._waiting.popleft()
            group.append(seat)
            left -= seat.weight
        return group
