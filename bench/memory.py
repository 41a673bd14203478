"""What Grove holds in memory: `python -m bench.memory [--seconds 4] [--rest 45]`.

PSS of all its processes when it is ready, after every scenario of bench.compare that reads, writes,
uploads, imports or streams, and once it has rested; beside it the connections to Postgres.
"""

import argparse
import json
import time

import psycopg
import uvloop

from bench.compare import meter, reading, streaming, writing
from bench.compare.people import Town
from bench.compare.servers import Server, start_grove

LOAD = (
    reading.get_record,
    reading.list_records,
    reading.get_record_proof,
    reading.get_repo,
    reading.get_blob,
    writing.create_record_spread,
    writing.apply_writes,
    writing.upload_blob,
    writing.import_repo,
    streaming.replay,
    streaming.firehose_200,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rest", type=float, default=45.0)
    options = parser.parse_args()
    server = start_grove(None)
    try:
        note = json.loads((server.folder / "data" / "services.json").read_text())
        names = list(server.groups)
        print(f"| after | MB in all | {' | '.join(names)} | connections |")
        print("|---|---|" + "---|" * len(names) + "---|")
        time.sleep(3)
        _print("start", server, note["DATABASE_URL"])
        uvloop.run(_load(Town(server), options.seconds, note["DATABASE_URL"]))
        time.sleep(options.rest)
        _print(f"{options.rest:.0f} s of rest", server, note["DATABASE_URL"])
    finally:
        server.stop()


async def _load(town: Town, seconds: float, database_url: str) -> None:
    for run in LOAD:
        await run(town, seconds)
        _print(run.__name__, town.server, database_url)


def _print(after: str, server: Server, database_url: str) -> None:
    found = meter.memory_mb(server.groups)
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).fetchone()
    figures = " | ".join(f"{found.get(name, 0):.0f}" for name in server.groups)
    print(
        f"| {after} | {sum(found.values()):.0f} | {figures} | {row[0] if row else 0} |", flush=True
    )


if __name__ == "__main__":
    main()
