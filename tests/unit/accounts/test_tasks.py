"""Tasks are listed, and each is one call of a verb."""

import pytest

from accounts import tasks
from accounts.authentication import sessions, web_sessions
from accounts.identity.plc import submit
from accounts.signup import abandoned
from server.jobs import beat_schedule


@pytest.mark.parametrize(
    "task",
    ["publish_due_operations", "withdraw_stale_sign_ups", "forget_expired_sessions",
     "forget_expired_web_sessions"],
)  # fmt: skip
def test_the_sweeps_run_periodically(task):
    assert f"accounts.tasks.{task}" in beat_schedule.SCHEDULE


def test_the_wake_ups_name_is_the_tasks(monkeypatch):
    assert tasks.publish_operation.name == "accounts.tasks.publish_operation"


@pytest.mark.parametrize(
    ("task", "module", "verb"),
    [
        (tasks.publish_due_operations, submit.queue, "sweep"),
        (tasks.withdraw_stale_sign_ups, abandoned, "withdraw_stale"),
        (tasks.forget_expired_sessions, sessions, "forget_expired"),
        (tasks.forget_expired_web_sessions, web_sessions, "forget_expired"),
    ],
)
def test_a_task_calls_its_verb(monkeypatch, task, module, verb):
    called = []
    monkeypatch.setattr(module, verb, lambda: called.append(verb))
    task()
    assert called == [verb]


def test_an_undecided_operation_is_retried_with_growing_pauses():
    assert tasks.publish_operation.autoretry_for == (submit.Undecided,)
    assert tasks.publish_operation.retry_backoff == 1


def test_an_undecided_operation_is_no_error_in_the_log():
    assert submit.Undecided in tasks.publish_operation.throws
