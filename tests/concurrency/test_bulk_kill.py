"""kill -9 amid a bulk action: each case is done once, with one entry in the log."""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from hosting.models import Host
from moderation.desk import cases
from moderation.desk.actions import bulk
from moderation.desk.subjects.subject import Subject
from moderation.models import AuditEntry, BulkAction, BulkItem, Case, CaseEvent
from tests.factories import open_account, staff_member
from tests.running import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CASES, KILLS = 120, 5


@pytest.fixture
def job(ash: Host, settings, monkeypatch) -> BulkAction:
    """Many accounts to take down."""
    settings.VALKEY_URL = ""
    monkeypatch.setattr(bulk.queue, "wake", lambda _: None)
    for _ in range(CASES):
        account = open_account(ash)
        with transaction.atomic():
            cases.open_or_join(ash, Subject(account.did), "spam")
    staff = staff_member(ash, "moderator")
    return bulk.start(staff, ash.tenant, Case.objects.all(), "take_down", {"reason": "spam"})


def worker_process() -> "subprocess.Popen[str]":
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.bulk_worker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def done(job: BulkAction) -> int:
    return job.items.exclude(state=BulkItem.State.PENDING).count()


def wait_until(is_so, within_s: float = 200) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_each_case_is_done_once_however_often_the_worker_is_killed(job: BulkAction) -> None:
    for _ in range(KILLS):
        with worker_process() as process:
            before = done(job)
            wait_until(lambda before=before: done(job) > before or before == CASES)
            process.kill()
    assert done(job) > 0  # on a busy machine perhaps all of it
    with worker_process() as process:
        wait_until(lambda: BulkAction.objects.get().state == "done")
        process.kill()
    logged = Counter(AuditEntry.objects.values_list("action", "subject_did"))
    assert len(logged) == 2 * CASES
    assert set(logged.values()) == {1}
    assert set(Case.objects.values_list("resolution", flat=True)) == {"actioned"}
    kinds = Counter(CaseEvent.objects.values_list("kind", flat=True))
    assert kinds == {"opened": CASES, "action": CASES, "closed": CASES}
