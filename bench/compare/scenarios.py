"""What is measured: a table of scenarios, each a function of a town and a number of seconds.

A scenario prepares what it needs, measures inside `meter()`, checks what it got and returns an
Outcome. Only what is inside the meter counts, for time and for CPU.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.compare import meter
from bench.compare.load import Timing
from bench.compare.people import Town
from bench.compare.servers import Server


@dataclass(slots=True)
class Outcome:
    """One run: `value` in `unit`, latencies, and CPU milliseconds per piece of work."""

    value: float
    unit: str
    p50_ms: float | None = None
    p99_ms: float | None = None
    cost: "Cost | None" = None
    pieces: float = 1.0  # of work, for the CPU of each

    @property
    def cpu_ms(self) -> dict[str, float]:
        """CPU milliseconds per piece of work, by process."""
        used = self.cost.cpu_s if self.cost else {}
        return {name: seconds * 1000 / max(self.pieces, 1) for name, seconds in used.items()}


@dataclass(slots=True)
class Cost:
    """What a metered block took, filled when it ends.

    `others_share`: of one core, by neither the server nor us: how much to trust the figure.
    """

    cpu_s: dict[str, float] = field(default_factory=dict)
    others_share: float = 0.0


Run = Callable[[Town, float], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A row of the table. `floor`: so many times better than the reference it has to be, or more.

    `is_lower_better`: for latencies and ratios.
    """

    name: str
    run: Run
    floor: float | None
    is_lower_better: bool = False


SCENARIOS: dict[str, Scenario] = {}


def scenario(floor: float | None = None, *, is_lower_better: bool = False) -> Callable[[Run], Run]:
    """Declare a scenario under its function's name."""

    def declare(run: Run) -> Run:
        SCENARIOS[run.__name__] = Scenario(run.__name__, run, floor, is_lower_better)
        return run

    return declare


@contextmanager
def metered(server: Server) -> Iterator[Cost]:
    """Count the server's CPU in the block."""
    cost = Cost()
    begun, busy_s, own_s = time.perf_counter(), meter.machine_busy_s(), sum(os.times()[:4])
    before = meter.cpu_s(server.groups)
    yield cost
    after = meter.cpu_s(server.groups)
    busy_s, own_s = meter.machine_busy_s() - busy_s, sum(os.times()[:4]) - own_s
    cost.cpu_s = {name: after[name] - used for name, used in before.items()}
    rest_s = busy_s - own_s - sum(cost.cpu_s.values())
    cost.others_share = max(0.0, rest_s / (time.perf_counter() - begun))


def per_second(timing: Timing, cost: Cost, pieces_each: int = 1) -> Outcome:
    """Requests a second, or records when each request carries several."""
    pieces = timing.count * pieces_each
    unit = "/s" if pieces_each == 1 else "records/s"
    return _outcome(timing, cost, pieces / timing.seconds, unit, pieces)


def megabytes(timing: Timing, cost: Cost) -> Outcome:
    """Millions of bytes a second; CPU by request."""
    return _outcome(timing, cost, timing.size / timing.seconds / 1e6, "MB/s", timing.count)


def _outcome(timing: Timing, cost: Cost, value: float, unit: str, pieces: int) -> Outcome:
    p50_ms, p99_ms = timing.percentile_ms(0.5), timing.percentile_ms(0.99)
    return Outcome(value, unit, p50_ms, p99_ms, cost, pieces)
