"""Queues: who does a job that is due, and how many at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from hosting import celery
from repos.models import ImportJob
from server.jobs.back_off import pause_after
from server.jobs.polling import turns
from server.jobs.queue import Queue

SECOND = timedelta(seconds=1)


@pytest.fixture
def done() -> list[int]:
    """The jobs that were attempted in this thread."""
    return []


@pytest.fixture
def queue(db: None, done: list[int], settings) -> Queue:
    settings.VALKEY_URL = ""
    return Queue(ImportJob, "repos.run_import", done.append)


def job(repo_id: int, due_in: timedelta = -SECOND, **fields: object) -> int:
    at = timezone.now() + due_in
    made = ImportJob.objects.create(
        repo_id=repo_id, root=b"", file="", next_attempt_at=at, **fields
    )
    return made.pk


def with_broker(settings, monkeypatch, send_task) -> None:
    settings.VALKEY_URL = "redis://valkey"
    monkeypatch.setattr(celery.app, "send_task", send_task)


def away(*_: object, **__: object) -> None:
    raise OperationalError("connection refused")


def test_without_a_broker_a_job_is_done_here(queue: Queue, done: list[int]) -> None:
    queue.wake(7)
    assert done == [7]


def test_with_a_broker_a_worker_does_it(queue, done, settings, monkeypatch) -> None:
    sent: list[tuple[str, tuple[int]]] = []
    with_broker(settings, monkeypatch, lambda name, args, **_: sent.append((name, args)))
    queue.wake(7)
    assert (sent, done) == ([("repos.run_import", (7,))], [])


def test_when_the_broker_is_away_a_job_is_done_here(queue, done, settings, monkeypatch) -> None:
    with_broker(settings, monkeypatch, away)
    queue.wake(7)
    assert done == [7]


def test_a_job_for_workers_waits_for_the_broker(queue, done, settings, monkeypatch) -> None:
    with_broker(settings, monkeypatch, away)
    replace(queue, is_for_workers=True).wake(7)
    assert done == []


def test_a_sweep_wakes_what_is_due_the_eldest_first(queue: Queue, done: list[int]) -> None:
    second, first = job(1, -SECOND), job(2, -2 * SECOND, state="running")
    job(3, SECOND)
    job(4, state="done", decided_at=timezone.now())
    queue.sweep()
    assert done == [first, second]


def test_a_sweep_wakes_so_many(queue: Queue) -> None:
    eldest = [job(number, -number * SECOND) for number in (3, 2, 1)]
    assert replace(queue, batch=2).due() == eldest[:2]


def test_no_more_run_at_a_time_than_may(queue: Queue) -> None:
    job(1, SECOND, state="running")
    waiting = job(2)
    assert replace(queue, running_max=1).due() == []
    assert replace(queue, running_max=2).due() == [waiting]


@pytest.mark.parametrize(("attempts", "pause_s"), [(0, 1), (1, 1), (2, 2), (4, 8), (99, 60)])
def test_pauses_double_up_to_the_longest(attempts: int, pause_s: int) -> None:
    assert pause_after(attempts, SECOND, 60 * SECOND) == pause_s * SECOND


def test_the_first_turn_is_at_once_and_the_last_when_the_time_is_up() -> None:
    assert len(list(turns(-1.0, 1.0, 1.0))) == 1
    assert len(list(turns(0.05, 0.001, 0.01))) > 1
