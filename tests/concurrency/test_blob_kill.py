"""kill -9 amid uploads, commits, takedowns and sweeps: nothing visible, nothing leaking.

The listing sweep has no part in this: what a crash leaves is known to the database.
"""

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from hosting.models import Host
from protocol import cid
from repos.blobs import blobs, files, garbage_collection, quarantine
from repos.models import Blob, BlobUsage, BlobUse, FileDeletion
from repos.reads.repos import RepoRow, find_repo
from tests.factories import open_account
from tests.running import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KILLS = 12


def test_a_kill_at_any_moment_leaves_nothing_behind(ash: Host) -> None:
    repo = find_repo(ash, open_account(ash).did)
    chance = random.Random(1)
    steps = sum(run_and_kill(repo.did, after_s=chance.uniform(0, 0.4)) for _ in range(KILLS))
    assert steps > KILLS
    assert_all_live_ones_are_whole(repo)
    settle()
    assert files_of(repo) == set(Blob.objects.values_list("key", flat=True))
    assert not FileDeletion.objects.exists()
    counted = BlobUsage.objects.get(repo_id=repo.id)
    sizes = list(Blob.objects.values_list("size", flat=True))
    assert (counted.used_bytes, counted.blob_count) == (sum(sizes), len(sizes))


def run_and_kill(did: str, after_s: float) -> int:
    """Start a worker, let it take a step and some more, kill it; how many steps it took."""
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.blob_worker", did],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(after_s)
        worker.kill()
        return 1 + len(worker.stdout.readlines())


def assert_all_live_ones_are_whole(repo: RepoRow) -> None:
    live = list(Blob.objects.filter(state="live"))
    assert live
    for blob in live:
        with blobs.open_blob(repo, bytes(blob.cid)).file as file:
            assert cid.of_raw(file.read()) == bytes(blob.cid)
    used = {bytes(use.cid) for use in BlobUse.objects.all()}
    assert {bytes(blob.cid) for blob in live} <= used


def settle() -> None:
    """What the periodic tasks do within a day."""
    while quarantine.settle_blobs():
        pass
    garbage_collection.remove_unused_blobs(timedelta(0))
    files.purge(timezone.now() + 2 * files.UNCLAIMED_FOR)


def files_of(repo: RepoRow) -> set[str]:
    root = Path(files.storage().path(""))
    folders = root.glob(f"*/*/{files.shard_of(repo.did)}/{repo.did}")
    return {str(path.relative_to(root)) for folder in folders for path in folder.iterdir()}
