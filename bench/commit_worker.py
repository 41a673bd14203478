"""One process of bench.commit_bench: makes the repos, or writes to them until the time is up."""

import argparse
import cProfile
import pstats
import random
import secrets
import time
from collections.abc import Sequence
from functools import partial

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - needs django.setup()
from django.db import connection  # noqa: E402 - needs django.setup()

from hosting.models import Host, Tenant  # noqa: E402 - needs django.setup()
from hosting.tenancy import provisioning  # noqa: E402 - needs django.setup()
from repos.commits import group_commit, writes  # noqa: E402 - needs django.setup()
from repos.models import Repo  # noqa: E402 - needs django.setup()
from repos.reads import exports, record_pages, record_proofs, records  # noqa: E402 - needs django.setup()
from repos.reads import repos as reads  # noqa: E402 - needs django.setup()
from repos.reads.repos import RepoRow  # noqa: E402 - needs django.setup()
from server.web.threads.batching import Batch, Outcome  # noqa: E402 - needs django.setup()
from tests.factories import open_account  # noqa: E402 - needs django.setup()

POST = "app.bsky.feed.post"
RECORDS_A_REPO = 150
BIG_REPO_RECORDS = 10_000
WARM_UP_S = 0.5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["prepare", "write", "read"])
    parser.add_argument("--repos", type=int, default=300)
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    {"prepare": prepare, "write": write, "read": read}[options.task](options)


def prepare(options: argparse.Namespace) -> None:
    """A host with many repos of 150 posts, and one of 10,000."""
    call_command("migrate", verbosity=0)
    tenant = Tenant.objects.create(slug="bench", name="Bench")
    host = provisioning.create_host(tenant, "localhost", "http://localhost", [".test"])
    for size in [BIG_REPO_RECORDS] + [RECORDS_A_REPO] * options.repos:
        repo = reads.find_repo(host, open_account(host).did)
        for start in range(0, size, 200):
            batch = [new_post() for _ in range(start, min(start + 200, size))]
            group_commit.apply_writes(repo, batch)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def write(options: argparse.Namespace) -> None:
    """Write at random repos; prints every latency, then the CPU seconds of this process."""
    repos = all_repos()[1:]
    latencies: list[float] = []
    write_until(time.perf_counter() + WARM_UP_S, repos, [])
    cpu = time.process_time()
    end = time.perf_counter() + options.seconds
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(write_until, end, repos, latencies)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    else:
        work = [(partial(write_until, end, repos, latencies), None)] * options.writers
        Batch(list, raise_failures).run(work)
    print(*(f"{latency:.6f}" for latency in latencies))
    print(time.process_time() - cpu)


def raise_failures(outcomes: Sequence[Outcome]) -> None:
    for _, _, failure in outcomes:
        if failure is not None:
            raise failure


def write_until(end: float, repos: list[RepoRow], latencies: list[float]) -> None:
    dice = random.Random(secrets.randbits(64))
    while (start := time.perf_counter()) < end:
        group_commit.apply_writes(dice.choice(repos), [new_post()])
        latencies.append(time.perf_counter() - start)


def read(options: argparse.Namespace) -> None:
    """One thread: getRecord, listRecords, record proofs, and exports of the big repo."""
    host = Host.objects.get()
    big, small = all_repos()[:2]
    rkey = record_pages.list_records(host, small.did, POST, 1).split(b'"cursor":"')[1][:13].decode()
    tasks = {
        "getRecord": lambda: records.get_record(host, small.did, POST, rkey),
        "listRecords (50)": lambda: record_pages.list_records(host, small.did, POST, 50),
        "record proof": lambda: record_proofs.record_proof(small, POST, rkey),
        "getRepo (10,000 records)": lambda: b"".join(exports.export_repo(big)),
    }
    for name, task in tasks.items():
        rate, size = repeat(task, options.seconds / len(tasks))
        print(f"{name}: {rate:.0f}/s, {size} bytes, {rate * size / 1e6:.0f} MB/s")


def repeat(task, seconds: float) -> tuple[float, int]:
    """Calls a second, and the size of one answer."""
    size, count, start = len(task()), 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        task()
        count += 1
    return count / (time.perf_counter() - start), size


def all_repos() -> list[RepoRow]:
    fields = ("id", "did", "host_id", "status", "head", "rev", "record_count")
    return [RepoRow(*row) for row in Repo.objects.order_by("id").values_list(*fields)]


def new_post() -> writes.Write:
    text = f"post {secrets.token_hex(8)} " + "x" * 80
    record = {"text": text, "createdAt": "2026-11-22T14:00:00.000Z", "langs": ["en"]}
    return writes.create(POST, None, record)


if __name__ == "__main__":
    main()
