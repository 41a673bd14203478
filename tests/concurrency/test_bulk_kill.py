"""kill -9 amid a bulk action: each case is done once, with one entry in the log."""

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import product

import pytest
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from hosting.models import Host
from moderation.desk import cases
from moderation.desk.actions import bulk
from moderation.desk.subjects.subject import Subject
from moderation.models import AuditEntry, BulkAction, BulkItem, Case, CaseEvent
from tests.concurrency.killing import held_up, kill_held, worker
from tests.factories import open_account, staff_member
from tests.running import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CASES, KILLS = 120, 5
STARTED = ["INSERT bulk_action", "INSERT bulk_item"]
GONE_ON = [
    "UPDATE bulk_action",
    "UPDATE account",
    "INSERT audit_entry",
    "INSERT event",
    "UPDATE moderation_case",
    "INSERT case_event",
    "UPDATE bulk_item",
    "UPDATE bulk_action WHEN NEW.state = 'done'",
]
ENDINGS = ["rolled back", "committed"]


@pytest.fixture(autouse=True)
def unwoken(settings, monkeypatch) -> None:
    """What is to be done is done by the processes that are killed, and by who comes after them."""
    settings.VALKEY_URL = ""
    monkeypatch.setattr(bulk.queue, "wake", lambda _: None)


@pytest.fixture
def job(ash: Host) -> BulkAction:
    """Many accounts to take down."""
    spam(ash, CASES)
    staff = staff_member(ash, "moderator")
    return bulk.start(staff, ash.tenant, Case.objects.all(), "take_down", {"reason": "spam"})


def spam(host: Host, count: int) -> None:
    for _ in range(count):
        account = open_account(host)
        with transaction.atomic():
            cases.open_or_join(host, Subject(account.did), "spam")


def check_each_done_once(count: int) -> None:
    logged = Counter(AuditEntry.objects.values_list("action", "subject_did"))
    assert len(logged) == 2 * count
    assert set(logged.values()) == {1}
    assert set(Case.objects.values_list("resolution", flat=True)) == {"actioned"}
    kinds = Counter(CaseEvent.objects.values_list("kind", flat=True))
    assert kinds == {"opened": count, "action": count, "closed": count}


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
    check_each_done_once(CASES)


def test_a_kill_in_any_step_of_page_or_worker_does_no_case_twice(ash: Host) -> None:
    spam(ash, 3)
    staff = staff_member(ash, "moderator")
    with worker("tests.concurrency.desk_worker") as parent:
        for step, ending in product(STARTED, ENDINGS):
            with held_up(step, "AFTER"):
                kill_held(parent, ["start", staff.pk, ash.tenant_id], ending, step)
            assert BulkItem.objects.count() in (0, 3)
            BulkAction.objects.all().delete()
        bulk.start(staff, ash.tenant, Case.objects.all(), "take_down", {"reason": "spam"})
        number = BulkAction.objects.get().pk
        for at, step in enumerate(GONE_ON):
            with held_up(step, "AFTER"):
                kill_held(parent, ["go_on", number], ENDINGS[at % 2], step)
    assert (BulkAction.objects.get().state, done(BulkAction.objects.get())) == ("done", 3)
    check_each_done_once(3)
