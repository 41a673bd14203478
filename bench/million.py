"""What a million accounts change: `python -m bench.million [--accounts 1000000] [--seconds 4]`.

Starts Grove on a Postgres of its own in a temporary folder, makes ten thousand accounts
(bench.load_accounts), measures reads and writes at accounts chosen at random, makes the others, and
measures the same again; then prints how large each table became. A million takes some 12 GB of
disk and six minutes of a core; all of it is removed at the end.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
import uvloop

from bench.compare import client, load, streaming, writing
from bench.compare.client import request_bytes
from bench.compare.load import Make, Plan
from bench.compare.people import Person, Town, post_request
from bench.compare.scenarios import Outcome, metered, per_second
from bench.compare.servers import ROOT, Server, start_grove

FEW = 10_000
SAMPLE = 5_000
WRITERS = 200
PASSWORD = "a-million-of-them"  # bench.load_accounts
_ANYONE = """
    SELECT r.id, r.did, c.collection, c.rkey
    FROM repo r JOIN account a ON a.id = r.id AND a.handle = 'u' || a.id || '.test'
    JOIN LATERAL (SELECT collection, rkey FROM record WHERE repo_id = r.id LIMIT 1) c ON true
    WHERE r.id = ANY (%s)
"""
_SIZES = """
    SELECT root.relname, sum(pg_table_size(leaf.relid))::bigint,
        sum(pg_indexes_size(leaf.relid))::bigint
    FROM pg_class root, LATERAL (
        SELECT relid FROM pg_partition_tree(root.oid) WHERE isleaf
        UNION SELECT root.oid WHERE root.relkind = 'r' AND NOT root.relispartition
    ) leaf
    WHERE root.relnamespace = 'public'::regnamespace AND root.relkind IN ('r', 'p')
        AND NOT root.relispartition
    GROUP BY root.relname HAVING sum(pg_total_relation_size(leaf.relid)) > 1000000
    ORDER BY 2 DESC
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace AND pg_relation_size(indexrelid) > 1000000
    ORDER BY 2 DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Someone:
    """An account and one of its records."""

    id: int
    did: str
    collection: str
    rkey: str


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    server = start_grove(None)
    try:
        note = server.folder / "data" / "services.json"
        database_url = str(json.loads(note.read_text())["DATABASE_URL"])
        fill(server, FEW)
        before = uvloop.run(measure(Town(server), database_url, options.seconds))
        fill(server, options.accounts - FEW)
        after = uvloop.run(measure(Town(server), database_url, options.seconds))
        print_results(before, after, options.accounts)
        print_sizes(database_url, options.accounts)
    finally:
        server.stop()


def fill(server: Server, count: int) -> None:
    """Make accounts in a process of its own."""
    environment = {
        **os.environ,
        "GROVE_DATA": str(server.folder / "data"),
        "DJANGO_SETTINGS_MODULE": "hosting.settings",
    }
    command = [sys.executable, "-m", "bench.load_accounts", "--count", str(count)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


async def measure(town: Town, database_url: str, seconds: float) -> dict[str, Outcome]:
    """Every scenario once to warm up, then for good."""
    anyone = sample(database_url)
    outcomes = {}
    for run in (get_record, list_records, get_record_proof, list_repos, resolve_handle):
        await run(town, anyone, 0.5)
        outcomes[run.__name__] = await run(town, anyone, seconds)
        print(run.__name__, outcomes[run.__name__].value, flush=True)
    outcomes["login"] = await login(town, anyone, seconds)
    outcomes["create_record"] = await create_record(town, anyone, seconds)
    outcomes["create_record_spread"] = await writing.create_record_spread(town, seconds)
    outcomes["firehose_quiet"] = await streaming.firehose_quiet(town, seconds)
    return outcomes


def sample(database_url: str) -> list[Someone]:
    """People chosen at random among those that were loaded."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT min(id), max(id) FROM repo").fetchone()
        first, last = found or (1, 1)
        ids = [random.randint(first, last) for _ in range(SAMPLE)]
        rows = connection.execute(_ANYONE, (ids,)).fetchall()
    random.shuffle(rows)
    return [Someone(*row) for row in rows]


async def get_record(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """A record of somebody, 16 connections."""
    nsid = "com.atproto.repo.getRecord"
    wishes = [
        (nsid, {"repo": each.did, "collection": each.collection, "rkey": each.rkey})
        for each in anyone
    ]
    return await reads(town, wishes, Plan(16, seconds))


async def list_records(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """A first page of somebody, 8 connections."""
    nsid = "com.atproto.repo.listRecords"
    wishes = [
        (nsid, {"repo": each.did, "collection": each.collection, "limit": 100}) for each in anyone
    ]
    return await reads(town, wishes, Plan(8, seconds))


async def get_record_proof(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """sync.getRecord of somebody, 8 connections."""
    nsid = "com.atproto.sync.getRecord"
    wishes = [
        (nsid, {"did": each.did, "collection": each.collection, "rkey": each.rkey})
        for each in anyone
    ]
    return await reads(town, wishes, Plan(8, seconds))


async def list_repos(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """A page of 500 from anywhere in the list, 4 connections."""
    nsid = "com.atproto.sync.listRepos"
    wishes = [(nsid, {"limit": 500, "cursor": each.id}) for each in anyone]
    return await reads(town, wishes, Plan(4, seconds))


async def resolve_handle(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """A handle of ours, 16 connections."""
    nsid = "com.atproto.identity.resolveHandle"
    wishes = [(nsid, {"handle": f"u{each.id}.test"}) for each in anyone]
    return await reads(town, wishes, Plan(16, seconds))


async def login(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """createSession of somebody, 4 connections."""

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return login_request(town, anyone[(worker * 997 + number) % len(anyone)]), None

    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(4, seconds), make, is_right)
    return per_second(timing, cost)


async def create_record(town: Town, anyone: list[Someone], seconds: float) -> Outcome:
    """createRecord at people chosen at random, 16 writers."""
    people = []
    for each in random.sample(anyone, WRITERS):
        credentials = {"identifier": each.did, "password": PASSWORD}
        session = await client.call(
            town.address, "com.atproto.server.createSession", body=credentials
        )
        people.append(Person(each.did, session["handle"], session["accessJwt"]))

    def make(worker: int, number: int) -> tuple[bytes, object]:
        person = people[(worker + number * 16) % len(people)]
        return post_request(town.address, person), None

    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(16, seconds), make, is_right)
    await town.check(people[:5])
    return per_second(timing, cost)


async def reads(
    town: Town, wishes: Sequence[tuple[str, Mapping[str, object]]], plan: Plan
) -> Outcome:
    """Queries in an order that no cache can follow."""
    requests = [request_bytes(town.address, nsid, params) for nsid, params in wishes]
    make: Make = lambda worker, number: (requests[(worker * 997 + number) % len(requests)], None)  # noqa: E731
    with metered(town.server) as cost:
        timing = await load.run(town.address, plan, make, is_right)
    return per_second(timing, cost)


def login_request(town: Town, someone: Someone) -> bytes:
    """createSession with the password that all have."""
    body = {"identifier": f"u{someone.id}.test", "password": PASSWORD}
    return request_bytes(town.address, "com.atproto.server.createSession", body=body)


def is_right(status: int, _body: bytes, _expected: object) -> bool:
    """Whether it was answered at all; what is in answers is bench.compare's affair."""
    return status == 200


def print_results(before: dict[str, Outcome], after: dict[str, Outcome], accounts: int) -> None:
    """Rates, latencies and CPU at few accounts and at many."""
    print(f"| scenario | {FEW:,} accounts | {accounts:,} | CPU ms each | CPU, times |")
    print("|---|---|---|---|---|")
    for name, few in before.items():
        many = after[name]
        cpu_few, cpu_many = sum(few.cpu_ms.values()), sum(many.cpu_ms.values())
        print(
            f"| {name} | {few.value:.4g} {few.unit}, p50 {few.p50_ms:.3g} ms "
            f"| {many.value:.4g} {many.unit}, p50 {many.p50_ms:.3g} ms "
            f"| {cpu_few:.3g} -> {cpu_many:.3g} (postgres {few.cpu_ms['postgres']:.3g} -> "
            f"{many.cpu_ms['postgres']:.3g}) | {cpu_many / cpu_few:.2f} |"
        )


def print_sizes(database_url: str, accounts: int) -> None:
    """Bytes of every table and of the largest indexes, in all and by account."""
    print(
        "\n| table | MB | indexes MB | bytes an account | of which indexes |\n|---|---|---|---|---|"
    )
    with psycopg.connect(database_url) as connection:
        for name, heap, indexes in connection.execute(_SIZES):
            print(
                f"| {name} | {heap / 1e6:.0f} | {indexes / 1e6:.0f} "
                f"| {(heap + indexes) / accounts:.0f} | {indexes / accounts:.0f} |"
            )
        print("\n| index | MB |\n|---|---|")
        for name, size in connection.execute(_INDEXES):
            print(f"| {name} | {size / 1e6:.0f} |")


if __name__ == "__main__":
    main()
