"""kill -9 amid sending and clearing: every e-mail arrives, every deleted account is cleared away.

A kill between the mail server's yes and ours repeats an e-mail, under the same Message-ID; nothing
else may.
"""

import io
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from accounts.lifecycle import deletion
from accounts.models import Account
from hosting.mail import delivery, emails, outbox
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from protocol.event_stream.frames import EventKind
from repos.blobs import uploads
from repos.commits import group_commit, writes
from repos.lifecycle import deletion as repo_deletion
from repos.models import Blob, BlobUse, Event, Node, Record, RepoDeletion
from repos.reads import repos
from tests.factories import open_account
from tests.running import ROOT
from tests.smtp_server import PostOffice
from tests.unit.repos.blobs.uploads import THING, using

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


LETTERS = 150
RECORDS = 3_000


def die_until(office: PostOffice, is_half_done: Callable[[], bool]) -> int:
    """Start workers and kill them amid their work, until half of it is done; how many it took."""
    chance = random.Random(1)
    for kills in range(1, 30):
        with worker_process(office) as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            time.sleep(chance.uniform(0, 0.05 * kills))  # longer on a machine that is busy
            worker.kill()
        if is_half_done():
            return kills
    raise AssertionError("no progress")


def sent_count() -> int:
    return OutgoingMail.objects.filter(state="sent").count()


def worker_process(office: PostOffice) -> "subprocess.Popen[str]":
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.mail_worker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "GROVE_SMTP_URL": office.url},
        stdout=subprocess.PIPE,
        text=True,
    )


def work_until(office: PostOffice, is_done: Callable[[], bool]) -> None:
    """Let a worker go on until its work is done."""
    with worker_process(office) as worker:
        deadline = time.monotonic() + 200
        while not is_done():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        worker.kill()


@pytest.fixture
def office(tmp_path, settings) -> "PostOffice":
    settings.SMTP_URL, settings.VALKEY_URL = "smtp://nobody.invalid", ""
    post_office = PostOffice(tmp_path)
    post_office.open()
    yield post_office
    post_office.close()


def test_every_email_arrives_whoever_is_killed(ash: Host, office, monkeypatch):
    monkeypatch.setattr(delivery.queue, "wake", lambda _: None)
    for number in range(LETTERS):
        context = {"handle": "alice.test"}
        outbox.post(ash, f"p{number}@example.com", emails.PASSWORD_CHANGED, context)
    kills = die_until(office, lambda: sent_count() > LETTERS // 2)
    assert sent_count() < LETTERS  # killed amid work
    work_until(office, lambda: not OutgoingMail.objects.open().exists())
    arrived = Counter(email["Message-ID"] for email in office.emails)
    sent = {f"<{mail.message_id}>" for mail in OutgoingMail.objects.filter(state="sent")}
    assert arrived.keys() == sent
    assert len(sent) == LETTERS
    assert sum(arrived.values()) <= LETTERS + kills  # one a kill at the most


def test_every_deleted_account_is_cleared_away(ash: Host, office, folder, monkeypatch):
    monkeypatch.setattr(repo_deletion.queue, "wake", lambda _: None)
    repo = repos.find_repo(ash, open_account(ash).did)
    ref = uploads.stage(repo, io.BytesIO(b"a picture"), "text/plain", 9, 1000)
    for start in range(0, RECORDS, 200):
        batch = [writes.create(THING, f"k{start + n}", using(ref), None) for n in range(200)]
        group_commit.apply_writes(repo, batch)
    with transaction.atomic():
        deletion.delete(Account.objects.get(pk=repo.id))
    die_until(office, lambda: Record.objects.count() < RECORDS // 2)
    assert RepoDeletion.objects.exists()  # killed amid work
    work_until(office, lambda: not RepoDeletion.objects.exists())
    for table in (Record, Node, Blob, BlobUse):
        assert not table.objects.filter(repo_id=repo.id).exists()
    assert [event.kind for event in Event.objects.all()] == [EventKind.ACCOUNT]
