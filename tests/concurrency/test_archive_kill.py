"""kill -9 amid an archive: it is made all the same, once, and nothing else stays in the storage."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from accounts.models import Account
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from repos.account_transfer.archives import requests, worker
from repos.blobs import files
from repos.models import AccountArchive
from repos.reads import repos
from tests.factories import open_account
from tests.running import ROOT
from tests.unit.repos.account_transfer.archives import opened
from tests.unit.repos.blobs.uploads import files as files_in
from tests.unit.repos.blobs.uploads import put, upload

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BLOBS, BLOB_BYTES, KILLS = 60, 900_000, 6


@pytest.fixture
def folder(settings) -> Path:
    """Where another process finds the blobs too."""
    return Path(settings.STORAGES["blobs"]["OPTIONS"]["location"])


@pytest.fixture
def account(ash: Host, folder: Path, settings, monkeypatch) -> Account:
    """With 54 MB of blobs, and an archive asked for."""
    settings.VALKEY_URL = ""
    monkeypatch.setattr(worker.queue, "wake", lambda _: None)
    account = open_account(ash)
    repo = repos.find_repo(ash, account.did)
    refs = [upload(repo, random.Random(n).randbytes(BLOB_BYTES)) for n in range(BLOBS)]
    put(repo, "pictures", *refs)
    requests.ask(account, "en")
    return account


def worker_process() -> "subprocess.Popen[str]":
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.archive_worker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def written(folder: Path) -> int:
    return sum(path.stat().st_size for path in files_in(folder / "archives"))


def wait_until(is_so, within_s: float = 200) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_an_archive_is_made_however_often_its_worker_is_killed(
    account: Account, folder: Path
) -> None:
    for _ in range(KILLS):
        with worker_process() as process:
            was = AccountArchive.objects.get().key
            wait_until(lambda was=was: AccountArchive.objects.get().key != was)
            process.kill()
    assert AccountArchive.objects.get().state == "running"  # killed amid work
    with worker_process() as process:
        wait_until(lambda: AccountArchive.objects.get().state == "ready")
        process.kill()
    files.purge(timezone.now())
    (file,) = files_in(folder / "archives")
    assert file.stat().st_size == AccountArchive.objects.get().size_bytes
    assert opened(account).testzip() is None
    assert len(opened(account).namelist()) > BLOBS
    assert OutgoingMail.objects.filter(kind="archive_ready").count() == 1
