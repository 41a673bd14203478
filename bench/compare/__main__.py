"""`python -m bench.compare [--rounds N] [--seconds S] [SCENARIO ...]`: both servers, in turns.

Starts Grove and, where it is installed, the reference PDS; runs every scenario A B, B A, A B ...;
prints a table of medians, ratios and spread, the CPU of each process and the memory of all, and
ends what it started. Loopback only. A wrong answer anywhere fails its scenario, not the others.
"""

import argparse
import sys

import uvloop

from bench.compare import meter, reading, streaming, table, writing
from bench.compare.client import WrongAnswer
from bench.compare.people import Town
from bench.compare.scenarios import SCENARIOS
from bench.compare.servers import Server, start_both
from bench.compare.table import Row

MODULES = (reading, streaming, writing)  # importing them declares their scenarios
WITHOUT_REFERENCE = frozenset({"growth"})  # filling 100,000 records takes it two minutes


def main() -> int:
    options = _options()
    servers = start_both(with_reference=not options.alone)
    try:
        rows = uvloop.run(_all(servers, options))
    finally:
        for server in servers:
            server.stop()
    return 1 if any(row.failure for row in rows) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--alone", action="store_true", help="without the reference")
    options = parser.parse_args()
    options.scenarios = options.scenarios or list(SCENARIOS)
    if unknown := [name for name in options.scenarios if name not in SCENARIOS]:
        parser.error(f"no scenario {', '.join(unknown)}")
    return options


async def _all(servers: list[Server], options: argparse.Namespace) -> list[Row]:
    towns = [Town(server) for server in servers]
    peaks: dict[str, dict[str, float]] = {server.name: {} for server in servers}
    rows = []
    print(table.heading([server.name for server in servers]), flush=True)
    for name in options.scenarios:
        row = Row(SCENARIOS[name])
        for turn in range(options.rounds):
            for town in towns if turn % 2 == 0 else reversed(towns):
                if town.server.name == "grove" or name not in WITHOUT_REFERENCE:
                    await _one(row, town, options.seconds)
                    _keep_peak(peaks[town.server.name], town.server)
        rows.append(row)
        print(table.line(row, [server.name for server in servers]), flush=True)
    print("\n" + table.costs(rows) + "\n" + table.memory(peaks), flush=True)
    return rows


async def _one(row: Row, town: Town, seconds: float) -> None:
    """One run; a failure is kept in the row and ends that scenario's part for this server."""
    try:
        outcome = await row.scenario.run(town, seconds)
    except (WrongAnswer, OSError, TimeoutError, ExceptionGroup, ValueError) as fault:
        first = fault.exceptions[0] if isinstance(fault, ExceptionGroup) else fault
        row.failure = f"{town.server.name}: {type(first).__name__} {first}"
    else:
        row.runs.setdefault(town.server.name, []).append(outcome)


def _keep_peak(peak: dict[str, float], server: Server) -> None:
    now = meter.memory_mb(server.groups)
    if sum(now.values()) > sum(peak.values()):
        peak.clear()
        peak.update(now)


if __name__ == "__main__":
    sys.exit(main())
