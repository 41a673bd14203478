"""The credit of a connection whose buffer is full, by a clock of our own."""

import asyncio
from typing import Any

from server.web.connections.slow_clients import SLOWEST_BYTES_PER_S, SlowClientGuard


class Clock:
    """As much of an event loop as a SlowClientGuard needs."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[Any] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Any) -> asyncio.TimerHandle:
        loop: Any = self
        handle = asyncio.TimerHandle(self.now + seconds, call, (), loop)
        self._due.append(handle)
        return handle

    def _timer_handle_cancelled(self, _handle: object) -> None:
        """The loop's own notes, which nobody keeps here."""

    def get_debug(self) -> bool:
        return False

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        ripe = [each for each in self._due if each.when() <= self.now]
        self._due = [each for each in self._due if each not in ripe]
        for each in ripe:
            if not each.cancelled():
                each._run()


class Connection:
    """As much of a transport."""

    def __init__(self) -> None:
        self.unsent_bytes = 0
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes

    def abort(self) -> None:
        self.is_aborted = True


def watched() -> tuple[Clock, Connection, SlowClientGuard]:
    clock, connection = Clock(), Connection()
    loop: Any = clock
    transport: Any = connection
    return clock, connection, SlowClientGuard(loop, transport, stalled_s=60)


def is_given_up(bytes_per_s: int, seconds: int) -> bool:
    """One buffer after the other, taken at that pace."""
    clock, connection, pace = watched()
    for _ in range(seconds // 10):
        connection.unsent_bytes += bytes_per_s * 10
        pace.begin()
        clock.pass_by(10)
        connection.unsent_bytes -= bytes_per_s * 10
        pace.end()
        if connection.is_aborted:
            return True
        clock.pass_by(0)
    return connection.is_aborted


def test_who_takes_nothing_is_given_up_after_a_while():
    clock, connection, pace = watched()
    connection.unsent_bytes = 300_000
    pace.begin()
    clock.pass_by(59)
    assert not connection.is_aborted
    clock.pass_by(1)
    assert connection.is_aborted


def test_who_drips_is_given_up():
    clock, connection, pace = watched()
    connection.unsent_bytes = 300_000
    pace.begin()
    for _ in range(20):
        clock.pass_by(10)
        connection.unsent_bytes -= 1_000
    assert connection.is_aborted


def test_who_drips_over_several_buffers_is_given_up():
    assert is_given_up(SLOWEST_BYTES_PER_S // 2, 200)


def test_who_keeps_the_least_pace_is_not_given_up():
    assert not is_given_up(SLOWEST_BYTES_PER_S, 2_000)


def test_time_in_which_nothing_waits_costs_nothing():
    clock, connection, pace = watched()
    for _ in range(20):
        pace.begin()
        clock.pass_by(0)
        pace.end()
        clock.pass_by(100)
    assert not connection.is_aborted
