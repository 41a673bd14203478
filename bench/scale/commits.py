"""A commit beside many tenants: `python -m bench.scale.commits`, after bench.scale.fill.

Starts a second Grove with the two tenants of a sandbox, and writes to both in turns (50 accounts,
16 writers): commits a second, CPU milliseconds each. Then every host of the large one is asked for,
and the memory of its web processes is compared before and after.
"""

import json
import os
import statistics
from pathlib import Path
from typing import Final

import django
import uvloop

django.setup()

from bench.compare import load, meter, writing  # noqa: E402 - needs django.setup()
from bench.compare.client import Address  # noqa: E402 - needs django.setup()
from bench.compare.load import Plan  # noqa: E402 - needs django.setup()
from bench.compare.people import Town  # noqa: E402 - needs django.setup()
from bench.compare.servers import Server, start_grove  # noqa: E402 - needs django.setup()
from hosting.models import Host  # noqa: E402 - needs django.setup()

ROUNDS: Final = 4
SECONDS: Final = 4.0
_WEB: Final = ("web-1", "web-2")
_OF_COMMITS: Final = (*_WEB, "postgres")


def main() -> None:
    small = start_grove(None)
    try:
        uvloop.run(compare(small, running()))
    finally:
        small.stop()
    uvloop.run(visit(running(), list(Host.objects.values_list("hostname", flat=True))))


def running() -> Server:
    """The server that GROVE_DATA and GROVE_PORT name."""
    folder = Path(os.environ["GROVE_DATA"])
    groups = dict(json.loads((folder / "run" / "pids.json").read_text()))
    port = int(os.environ["GROVE_PORT"])
    return Server("large", Address(port), Address(port + 1), None, folder, "", groups)  # type: ignore


async def compare(small: Server, large: Server) -> None:
    """Commits in turns: A B, B A, A B ..."""
    towns = {"two tenants": Town(small), "many tenants": Town(large)}
    for town in towns.values():
        await writing.create_record_spread(town, 0.5)
    rates: dict[str, list[float]] = {name: [] for name in towns}
    costs: dict[str, list[float]] = {name: [] for name in towns}
    for number in range(ROUNDS):
        for name in sorted(towns, reverse=number % 2 == 0):
            outcome = await writing.create_record_spread(towns[name], SECONDS)
            rates[name].append(outcome.value)
            costs[name].append(sum(outcome.cpu_ms.get(each, 0) for each in _OF_COMMITS))
    print("| commits beside | a second | CPU ms each, web and Postgres |\n|---|---|---|")
    for name in towns:
        rate, cost = statistics.median(rates[name]), statistics.median(costs[name])
        each = " ".join(f"{one:.3f}" for one in costs[name])
        print(f"| {name} | {rate:.0f} | {cost:.3f} ({each}) |")


async def visit(server: Server, names: list[str]) -> None:
    """Every host once; the memory of the web processes before and after."""
    requests = [f"GET /robots.txt HTTP/1.1\r\nHost: {name}\r\n\r\n".encode() for name in names]
    before = _web_mb(server)

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return requests[(2 * number + worker) % len(requests)], None

    plan = Plan(2, count=len(requests))
    timing = await load.run(server.address, plan, make, lambda status, _body, _none: status == 200)
    after = _web_mb(server)
    print(f"{len(names):,} hosts visited: median {timing.percentile_ms(0.5):.2f} ms; memory of the"
          f" web processes {before:.0f} -> {after:.0f} MB")  # fmt: skip


def _web_mb(server: Server) -> float:
    found = meter.memory_mb(server.groups)
    return sum(found[name] for name in _WEB)


if __name__ == "__main__":
    main()
