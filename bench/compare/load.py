"""Closed loops: so many connections, each with its next request when the last answer is there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.compare import client
from bench.compare.client import Address, WrongAnswer

# (worker, number of its request) -> (request, what to check the answer against)
Make = Callable[[int, int], tuple[bytes, object]]
IsRight = Callable[[int, bytes, object], bool]
WARM_UP_S = 0.5


@dataclass(slots=True)
class Timing:
    """What a loop measured. `size` is of all bodies received, in bytes."""

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def count(self) -> int:
        return len(self.latencies_s)

    def percentile_ms(self, share: float) -> float:
        """The latency that this share of all answers stayed within."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard to ask: connections, and for how long or (`count`) how many requests in all."""

    connections: int
    seconds: float = 0.0
    count: int = 0
    per_second: float = 0.0  # paced when it is not 0


async def run(address: Address, plan: Plan, make: Make, is_right: IsRight) -> Timing:
    """Ask until the plan is fulfilled. Raises WrongAnswer at the first wrong answer."""
    timing = Timing()
    connections = [await client.connect(address) for _ in range(plan.connections)]
    left = [plan.count]
    begun = time.perf_counter()

    async def work(worker: int) -> None:
        number = 0
        while left[0] > 0 if plan.count else time.perf_counter() - begun < plan.seconds:
            left[0] -= 1
            if plan.per_second:
                due = begun + (number * plan.connections + worker) / plan.per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            request, expected = make(worker, number)
            number += 1
            sent = time.perf_counter()
            async with asyncio.timeout(client.TIMEOUT_S):
                status, body = await connections[worker].exchange(request)
            timing.latencies_s.append(time.perf_counter() - sent)
            timing.size += len(body)
            if not is_right(status, body, expected):
                raise WrongAnswer(f"{status} {body[:200]!r}")

    try:
        async with asyncio.TaskGroup() as group:
            for worker in range(plan.connections):
                group.create_task(work(worker))
    finally:
        for connection in connections:
            connection.close()
    timing.seconds = time.perf_counter() - begun
    return timing
