"""kill -9 amid exports of evidence and ending suspensions: each is done all the same, once."""

import io
import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from accounts.models import Account
from hosting.models import Host
from moderation import audit
from moderation.enforcement import suspensions
from moderation.enforcement.legal import evidence_exports
from moderation.models import AuditEntry, EvidenceExport
from repos.blobs import files
from repos.reads import repos
from tests.factories import open_account
from tests.running import ROOT
from tests.unit.repos.blobs.uploads import files as files_in
from tests.unit.repos.blobs.uploads import put, upload

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BLOBS, BLOB_BYTES, KILLS = 30, 900_000, 4
SUSPENDED = 150


@pytest.fixture
def folder(settings) -> Path:
    """Where another process finds the blobs too."""
    settings.VALKEY_URL = ""
    return Path(settings.STORAGES["blobs"]["OPTIONS"]["location"])


def worker_process() -> "subprocess.Popen[str]":
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.evidence_worker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def wait_until(is_so, within_s: float = 200) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_ready() -> bool:
    """Also while it should still be killed: on a busy machine it may be quicker than we are."""
    return EvidenceExport.objects.get().state == "ready"


def test_evidence_is_exported_however_often_its_worker_is_killed(
    ash: Host, folder: Path, monkeypatch
) -> None:
    monkeypatch.setattr(evidence_exports.queue, "wake", lambda _: None)
    account = open_account(ash)
    repo = repos.find_repo(ash, account.did)
    put(repo, "k", *(upload(repo, random.Random(n).randbytes(BLOB_BYTES)) for n in range(BLOBS)))
    others = files_in(folder / "archives")  # of tests before
    evidence_exports.ask(audit.ADMIN, account, "police")
    for _ in range(KILLS):
        with worker_process() as process:
            was = EvidenceExport.objects.get().key
            wait_until(lambda was=was: is_ready() or EvidenceExport.objects.get().key != was)
            process.kill()
    with worker_process() as process:
        wait_until(is_ready)
        process.kill()
    files.purge(timezone.now())
    (file,) = (each for each in files_in(folder / "archives") if each not in others)
    archive = ZipFile(io.BytesIO(file.read_bytes()))
    assert file.stat().st_size == EvidenceExport.objects.get().size_bytes
    assert archive.testzip() is None
    assert len(archive.namelist()) > BLOBS


def test_each_suspension_is_lifted_once_however_often_the_sweep_is_killed(
    ash: Host, folder: Path
) -> None:
    accounts = [open_account(ash) for _ in range(SUSPENDED)]
    soon = timezone.now() + timedelta(hours=1)
    for account in accounts:
        suspensions.suspend(audit.ADMIN, account, "spam", soon)
    Account.objects.update(suspended_until=timezone.now())
    suspended = Account.objects.filter(status="suspended")
    for _ in range(KILLS):
        with worker_process() as process:
            before = suspended.count()
            wait_until(lambda before=before: suspended.count() < before or not before)
            process.kill()
    with worker_process() as process:
        wait_until(lambda: not suspended.exists())
        process.kill()
    lifted = AuditEntry.objects.filter(action="account.lift_suspension")
    assert lifted.count() == lifted.values("subject_did").distinct().count() == SUSPENDED
