"""kill -9 between any two statements of a verb: nothing lost, nothing half done, nothing orphaned.

A trigger holds the process up before or after a statement, and there it is killed. Its
statement may then still come to an end, since Postgres notices late, or end with it: both are
tried. Afterwards the verb is repeated, and the repo, the events, the blobs and their files must be
what they would be without any kill.
"""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from protocol import cid
from repos.blobs import blobs, garbage_collection, quarantine
from repos.blobs import files as blob_files
from repos.commits import group_commit
from repos.commits import writes as wishes
from repos.imports import jobs
from repos.maintenance import check
from repos.models import (
    Blob,
    BlobUsage,
    BlobUse,
    Event,
    FileDeletion,
    Node,
    Record,
    RecordTakedown,
    Repo,
    RepoDeletion,
)
from repos.reads import repos
from repos.state import long_reads
from tests.concurrency import repo_worker
from tests.concurrency.killing import held_up, kill_held, worker
from tests.concurrency.repo_worker import OLD
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import THING, upload, using
from tests.unit.repos.events import numbering
from tests.unit.repos.events.firehose import stream
from tests.unit.repos.imports.test_round_trips import foreign_car

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# The statements of each verb, in the order in which they come.
STEPS = {
    "stage": ["UPDATE blob", "INSERT file_deletion", "INSERT blob", "DELETE file_deletion"],
    "put": [
        "UPDATE repo",
        "DELETE record",
        "DELETE blob_use",
        "INSERT record",
        "DELETE node",
        "INSERT node",
        "UPDATE blob",
        "INSERT blob_use",
        "INSERT event",
    ],
    "import_car": [
        "UPDATE repo",
        "DELETE record",
        "DELETE blob_use",
        "DELETE node",
        "INSERT record",
        "INSERT node",
        "UPDATE blob",
        "INSERT event",
    ],
    "move_in": [
        "INSERT record",
        "UPDATE repo",
        "DELETE node",
        "INSERT node",
        "UPDATE blob",
        "INSERT event",
    ],
    "number": ["INSERT event_counter", "UPDATE event"],
    "quarantine": ["UPDATE blob", "INSERT file_deletion", "DELETE file_deletion"],
    "hide": ["INSERT record_takedown", "UPDATE repo"],
    "delete": [
        "INSERT repo_deletion",
        "DELETE repo",
        "DELETE account",
        "DELETE event",
        "DELETE record",
        "DELETE node",
        "DELETE blob_use",
        "DELETE blob",
        "DELETE repo_deletion",
        "DELETE file_deletion",
    ],
}
IMPORTS = ("import_car", "move_in")


@pytest.fixture(scope="module")
def parent() -> Iterator["subprocess.Popen[str]"]:
    with worker("tests.concurrency.repo_worker") as process:
        yield process
    long_reads.close_idle()


@pytest.fixture(autouse=True)
def no_files() -> None:
    """The tests before left theirs, whose rows are gone."""
    shutil.rmtree(blob_files.storage().path(""), ignore_errors=True)


@pytest.mark.parametrize("ending", ["rolled back", "committed"])
@pytest.mark.parametrize("verb", STEPS)
def test_a_kill_in_any_step_leaves_nothing_half_done(
    ash: Host, parent: "subprocess.Popen[str]", tmp_path: Path, settings, verb: str, ending: str
) -> None:
    settings.VALKEY_URL = ""
    for step in STEPS[verb]:
        for moment in ("BEFORE", "AFTER"):
            account = open_account(ash) if verb == "move_in" else prepared(ash)
            more = [str(car_for(account, tmp_path))] if verb in IMPORTS else []
            with held_up(step, moment):
                kill_held(parent, [verb, account.did, *more], ending, f"{verb}: {moment} {step}")
            assert_whole(account)
            repo_worker.VERBS[verb](account.did, *more)
            assert_whole(account)
            assert_done(verb, account)
            assert_nothing_orphaned()


def prepared(host: Host) -> Account:
    """An account with two records and a blob, all its events numbered but the last ones."""
    account = open_account(host)
    repo = repos.find_repo(host, account.did)
    numbering.number()
    ref = upload(repo, OLD)
    old = [wishes.create(THING, "k", using(ref)), wishes.create(THING, "old", {"n": 1})]
    group_commit.apply_writes(repo, old)
    return account


def car_for(account: Account, folder: Path) -> Path:
    path = folder / f"{account.pk}.car"
    records = {f"{THING}/k{number:03}": {"n": number} for number in range(40)}
    path.write_bytes(foreign_car(account.did, records))
    return path


def assert_whole(account: Account) -> None:
    """The repo says of itself that it is well, and every commit follows from the one before."""
    repo = Repo.objects.filter(pk=account.pk).first()
    if repo is None:
        return
    assert check.check_repo(account.pk, lambda _count: None).damages == []
    if Event.objects.filter(repo_id=account.pk, kind=1).exists():
        stream.check_chain(account.pk, account.signing_did_key)
    row = repos.find_repo(account.host, account.did)
    for blob in Blob.objects.filter(repo_id=account.pk, state="live"):
        with blobs.open_blob(row, bytes(blob.cid)).file as file:
            assert cid.of_raw(file.read()) == bytes(blob.cid)


def assert_done(verb: str, account: Account) -> None:
    """What the verb is for came true."""
    row = Repo.objects.filter(pk=account.pk).first()
    records = set(Record.objects.filter(repo_id=account.pk).values_list("rkey", flat=True))
    if verb == "put":
        assert records == {"k"}
        assert set(live_blobs(account)) == {cid.of_raw(repo_worker.NEW)}
    if verb in IMPORTS:
        assert len(records) == 40
        assert live_blobs(account) == []
    if verb == "hide":
        assert RecordTakedown.objects.filter(repo_id=account.pk).exists()
    if verb == "quarantine":
        assert Blob.objects.get(repo_id=account.pk).key.startswith("quarantine/")
    if verb == "delete":
        RepoDeletion.objects.update(next_attempt_at=timezone.now())
        repo_worker.delete(account.did)
        assert row is None
        left = [
            model.objects.filter(repo_id=account.pk).count()
            for model in (Record, Node, Blob, BlobUse, BlobUsage, RepoDeletion)
        ]
        assert left == [0] * 6
        assert Event.objects.filter(repo_id=account.pk).count() == 1


def live_blobs(account: Account) -> list[bytes]:
    found = Blob.objects.filter(repo_id=account.pk, state="live")
    return [bytes(blob.cid) for blob in found]


def assert_nothing_orphaned() -> None:
    """After what the periodic tasks do in a day: one file a row, one number an event."""
    quarantine.settle_blobs()
    garbage_collection.remove_unused_blobs(timedelta(0))
    blob_files.purge(timezone.now() + 2 * blob_files.UNCLAIMED_FOR)
    assert not FileDeletion.objects.exists()
    root = Path(blob_files.storage().path(""))
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert files == set(Blob.objects.values_list("key", flat=True))
    for usage in BlobUsage.objects.all():
        sizes = list(Blob.objects.filter(repo_id=usage.repo_id).values_list("size", flat=True))
        assert (usage.used_bytes, usage.blob_count) == (sum(sizes), len(sizes))
    numbering.number()
    seqs = sorted(Event.objects.values_list("seq", flat=True))
    assert len(seqs) == len(set(seqs))
    assert None not in seqs
    jobs.sweep()
    connection.ensure_connection()
