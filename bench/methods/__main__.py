"""`python -m bench.methods [--rounds N] [--seconds S] [METHOD ...]`: every method, in turns.

Starts Grove and, where it is installed, the reference PDS; calls each method alone and by 16
clients, on A B, B A ...; then counts the statements that a call sends to Postgres; prints a table
and ends what it started. METHOD is an NSID, or a part of one. Loopback only.
"""

import argparse
import sys

import uvloop

from bench.compare.client import WrongAnswer
from bench.compare.servers import Server, start_both
from bench.methods import accounts, measure, reading, staff, statements, table, writing
from bench.methods.calls import CALLS, MethodCall
from bench.methods.measure import NotThere
from bench.methods.stage import Stage
from bench.methods.table import Row

MODULES = (reading, writing, accounts, staff)  # importing them declares their calls
_FAULTS = (NotThere, WrongAnswer, OSError, TimeoutError, KeyError)


def main() -> int:
    options = _options()
    servers = start_both(with_reference=not options.alone)
    try:
        rows = uvloop.run(_all(servers, options))
    finally:
        for server in servers:
            server.stop()
    return 1 if any("grove" in row.refusals for row in rows) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.methods", description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="METHOD", help="an NSID or a part of one")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each run at 16 clients")
    parser.add_argument("--alone", action="store_true", help="without the reference")
    options = parser.parse_args()
    options.calls = chosen(options.methods)
    if not options.calls:
        parser.error(f"no method of these names: {', '.join(options.methods)}")
    return options


def chosen(names: list[str]) -> list[MethodCall]:
    """The calls that these names mean: all without any."""
    exact = [CALLS[name] for name in names if name in CALLS]
    parts = [name for name in names if name not in CALLS]
    found = [call for nsid, call in sorted(CALLS.items()) if any(part in nsid for part in parts)]
    return [*exact, *found] if names else [call for _, call in sorted(CALLS.items())]


async def _all(servers: list[Server], options: argparse.Namespace) -> list[Row]:
    stages = [await Stage.of(server) for server in servers]
    rows = [Row(call.nsid) for call in options.calls]
    for row, call in zip(rows, options.calls, strict=True):
        for turn in range(options.rounds):
            for stage in stages if turn % 2 == 0 else reversed(stages):
                if stage.server.name not in row.refusals:
                    await _one(row, call, stage, options.seconds)
        print(row.line(), file=sys.stderr, flush=True)
    await _count(rows, options.calls, stages[0])
    print(table.HEADING)
    for row in rows:
        print(row.line())
    print("\n" + table.summary(rows))
    return rows


async def _one(row: Row, call: MethodCall, stage: Stage, seconds: float) -> None:
    name = stage.server.name
    try:
        row.runs.setdefault(name, []).append(await measure.run(call, stage, seconds))
    except _FAULTS as fault:
        row.refusals[name] = f"{fault}"
        row.runs.pop(name, None)


async def _count(rows: list[Row], calls: list[MethodCall], stage: Stage) -> None:
    statements.tell_all(stage.server)
    await statements.settle(stage)
    for row, call in zip(rows, calls, strict=True):
        if "grove" in row.refusals:
            continue
        try:
            row.statements = await statements.count(call, stage)
        except _FAULTS as fault:
            row.refusals["grove"] = f"{fault}"


if __name__ == "__main__":
    sys.exit(main())
