"""Leased jobs: one worker at a time, and whoever lost the lease decides nothing any more."""

import threading
import time
from datetime import timedelta

import pytest
import structlog
from django.db import connection
from django.utils import timezone

from repos.models import ImportJob
from server.jobs.leased_job import ERROR_MAX
from server.jobs.renewal import renewed

LEASE = timedelta(minutes=1)
DONE = ImportJob.State.DONE


@pytest.fixture
def job(db: None) -> ImportJob:
    return ImportJob.objects.create(repo_id=1, root=b"", file="")


def claimed(job: ImportJob) -> ImportJob:
    found = ImportJob.objects.claim(job.pk, LEASE)
    assert found is not None
    return found


def stored() -> ImportJob:
    return ImportJob.objects.get()


def end_leases() -> None:
    ImportJob.objects.update(next_attempt_at=timezone.now())


def test_of_two_who_claim_a_job_one_gets_it(job: ImportJob) -> None:
    first, second = (ImportJob.objects.claim(job.pk, LEASE) for _ in range(2))
    assert first is not None
    assert (first.state, first.attempts, second) == ("running", 1, None)


def test_a_job_that_is_postponed_waits_for_its_time(job: ImportJob) -> None:
    assert claimed(job).postpone(timezone.now() + LEASE, "nobody answers")
    assert (stored().state, stored().last_error) == ("waiting", "nobody answers")
    assert ImportJob.objects.claim(job.pk, LEASE) is None


def test_a_job_that_waits_can_be_made_due(job: ImportJob) -> None:
    claimed(job).postpone(timezone.now() + LEASE)
    ImportJob.objects.make_due()
    assert claimed(job).attempts == 2


def test_one_that_runs_keeps_its_lease_when_it_is_made_due(job: ImportJob) -> None:
    claimed(job)
    assert ImportJob.objects.make_due() == 0
    assert ImportJob.objects.claim(job.pk, LEASE) is None


def test_a_finished_job_is_nobodys_any_more(job: ImportJob) -> None:
    assert claimed(job).finish(DONE, record_count=3)
    end_leases()
    assert ImportJob.objects.claim(job.pk, LEASE) is None
    assert (stored().is_open, stored().record_count) == (False, 3)
    assert stored().decided_at is not None


def test_whoever_was_replaced_decides_nothing(job: ImportJob) -> None:
    dead = claimed(job)
    end_leases()
    alive = claimed(job)
    assert not dead.finish(DONE)
    assert not dead.postpone(timezone.now())
    assert not dead.renew(LEASE)
    assert alive.finish(DONE)


def test_a_lease_that_ran_out_unnoticed_is_still_good(job: ImportJob) -> None:
    found = ImportJob.objects.claim(job.pk, timedelta(0))
    assert found is not None
    assert found.finish(DONE)


def test_a_renewed_lease_is_still_that_of_its_holder(job: ImportJob) -> None:
    holder = claimed(job)
    before = holder.next_attempt_at
    assert holder.renew(LEASE, record_count=1)
    assert stored().next_attempt_at > before
    assert holder.finish(DONE)


def test_what_was_decided_from_outside_is_not_decided_again(job: ImportJob) -> None:
    holder = claimed(job)
    assert ImportJob.objects.all().decide(ImportJob.State.REFUSED) == 1
    assert ImportJob.objects.all().decide(DONE) == 0
    assert not holder.finish(DONE)
    assert stored().state == "refused"


def test_a_long_error_is_cut(job: ImportJob) -> None:
    claimed(job).postpone(timezone.now(), "x" * 2 * ERROR_MAX)
    assert len(stored().last_error) == ERROR_MAX


def test_the_log_tells_of_every_move_and_how_long_an_attempt_took(job: ImportJob) -> None:
    with structlog.testing.capture_logs() as lines:
        claimed(job).postpone(timezone.now())
        claimed(job).finish(DONE)
    assert {(line["event"], line["queue"]) for line in lines} == {("job moved", "import_job")}
    moves = [(line["state"], line["took_ms"] is not None) for line in lines]
    assert moves == [("running", False), ("waiting", True), ("running", False), ("done", True)]


def test_the_log_tells_how_many_were_decided_at_once(job: ImportJob) -> None:
    with structlog.testing.capture_logs() as lines:
        ImportJob.objects.decide(DONE)
    assert [(line["state"], line["count"]) for line in lines] == [("done", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_for_as_long_as_its_worker_lives(job: ImportJob) -> None:
    holder = claimed(job)
    before = holder.next_attempt_at
    with renewed(holder, LEASE, every_s=0.01):
        deadline = time.monotonic() + 60
        while stored().next_attempt_at == before and time.monotonic() < deadline:
            time.sleep(0.01)
    assert stored().next_attempt_at > before
    assert not any(thread.name == f"lease-{job.pk}" for thread in threading.enumerate())
    assert holder.finish(DONE)
    connection.close()


def test_words_that_no_column_takes_decide_a_job_like_others(job: ImportJob) -> None:
    assert claimed(job).finish(ImportJob.State.REFUSED, "no\0thing")
    assert (stored().state, stored().last_error) == ("refused", "no thing")
