"""One attempt at the directory, and what comes of it."""

import socket
import threading
from datetime import timedelta

import pytest
from celery import Celery
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.identity.plc import client, submit
from accounts.models import Account, PlcOperation
from accounts.signals import account_opened
from accounts.signup import sign_up
from accounts.signup.rules import check
from hosting import celery
from server.jobs import worker_tasks
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operation(ash, plc):
    """A sign-up whose rows are written and which nobody has published yet."""
    return sign_up.begin(ash, check(ash, wanted()))


def due_now():
    PlcOperation.objects.update(next_attempt_at=timezone.now())


def failed_attempt(operation) -> PlcOperation:
    with pytest.raises(submit.Undecided):
        submit.submit(operation.pk)
    operation.refresh_from_db()
    return operation


def test_publishing_opens_the_account(operation):
    submit.submit(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.attempts) == ("published", 1)
    assert operation.account.status == "active"


def test_publishing_twice_posts_once(operation, plc):
    submit.submit(operation.pk)
    submit.submit(operation.pk)
    assert len(plc.posts) == 1


def test_two_at_once_make_one_attempt(operation, plc, settings):
    plc.delay_s = 0.3
    settings.PLC_TIMEOUT_S = 10.0

    def run():
        submit.attempt(operation.pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(plc.posts) == 1


def test_an_unreachable_directory_puts_the_operation_off(operation, settings):
    settings.PLC_URL = "http://127.0.0.1:9"
    assert failed_attempt(operation).last_failure == "unreachable"
    assert operation.state == "waiting"
    assert operation.next_attempt_at > timezone.now()


@pytest.mark.parametrize("knob", ["fail_before", "fail_after", "down"])
def test_a_broken_answer_leaves_the_outcome_unknown(operation, plc, knob):
    setattr(plc, knob, True)
    assert failed_attempt(operation).last_failure == "unknown"


@pytest.mark.long
def test_a_time_out_leaves_the_outcome_unknown(operation, plc):
    plc.delay_s = 1.0
    assert failed_attempt(operation).last_failure == "unknown"


def test_the_log_is_read_before_posting_again(operation, plc):
    plc.fail_after = True
    failed_attempt(operation)
    plc.fail_after = False
    due_now()
    submit.submit(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "published"
    assert len(plc.posts) == 1


def test_an_operation_that_did_not_arrive_is_posted_again(operation, plc):
    plc.fail_before = True
    failed_attempt(operation)
    plc.fail_before = False
    due_now()
    submit.submit(operation.pk)
    assert len(plc.posts) == 2


def test_a_post_that_overtakes_our_look_is_no_refusal(operation, monkeypatch):
    PlcOperation.objects.update(attempts=1)
    monkeypatch.setattr(client, "newest_cid", lambda _did: None)
    monkeypatch.setattr(client, "holds", lambda _did, cid: cid == operation.cid)

    def refuse(*_):
        raise client.Refused("exists")

    monkeypatch.setattr(client, "post", refuse)
    submit.submit(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "published"


def test_a_refusal_frees_handle_and_email_and_keeps_the_reason(operation, monkeypatch):
    def refuse(*_):
        raise client.Refused("too many operations")

    monkeypatch.setattr(client, "post", refuse)
    submit.submit(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.account) == ("refused", None)
    assert operation.last_error == "too many operations"
    assert not Account.objects.exists()


def test_a_receiver_that_fails_leaves_the_account_pending(operation):
    def fail(**_):
        raise RuntimeError("no repo")

    account_opened.connect(fail)
    try:
        with pytest.raises(RuntimeError, match="no repo"):
            submit.submit(operation.pk)
    finally:
        account_opened.disconnect(fail)
    assert Account.objects.get().status == "pending"
    due_now()
    submit.submit(operation.pk)
    assert Account.objects.get().status == "active"


def test_an_attempt_that_died_is_taken_over_when_its_lease_ends(operation, plc):
    PlcOperation.objects.update(attempts=1, next_attempt_at=timezone.now() + submit.lease())
    failed_attempt(operation)
    due_now()
    submit.submit(operation.pk)
    assert Account.objects.get().status == "active"


@pytest.mark.parametrize(("attempts", "pause_s"), [(0, 1), (3, 8), (20, 60)])
def test_pauses_double_up_to_a_minute(operation, plc, attempts, pause_s):
    plc.down = True
    PlcOperation.objects.update(attempts=attempts)
    pause = failed_attempt(operation).next_attempt_at - timezone.now()
    assert abs(pause - timedelta(seconds=pause_s)) < timedelta(seconds=0.5)


def test_an_operation_that_is_gone_is_nobodys_business(operation, plc):
    submit.submit(operation.pk + 1)
    assert plc.posts == []


def test_the_sweep_wakes_what_is_due_and_nothing_else(operation, monkeypatch):
    woken = []
    monkeypatch.setattr(submit.queue, "wake", woken.append)
    submit.queue.sweep()
    PlcOperation.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    submit.queue.sweep()
    assert woken == [operation.pk]


def test_a_broker_gets_the_task(operation, plc, settings, monkeypatch):
    sent = []
    settings.VALKEY_URL = "redis://valkey"
    monkeypatch.setattr(celery.app, "send_task", lambda name, **options: sent.append(name))
    submit.queue.wake(operation.pk)
    assert (sent, plc.posts) == (["accounts.tasks.publish_operation"], [])


def test_without_its_broker_the_thread_publishes(operation, plc, settings, monkeypatch):
    def unreachable(*_, **__):
        raise OperationalError("connection refused")

    settings.VALKEY_URL = "redis://valkey"
    monkeypatch.setattr(celery.app, "send_task", unreachable)
    submit.queue.wake(operation.pk)
    assert len(plc.posts) == 1


def test_a_broker_that_hangs_counts_as_away(operation, plc, settings, monkeypatch, tmp_path):
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    quicker = {**options, "socket_timeout": options["socket_timeout"] / 20}
    broker = f"redis+socket://{tmp_path}/hung.sock"
    settings.VALKEY_URL = broker
    hasty = Celery(broker=broker, broker_transport_options=quicker, set_as_current=False)
    monkeypatch.setattr(worker_tasks, "application", lambda: hasty)
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(f"{tmp_path}/hung.sock")
        hung.listen()
        submit.queue.wake(operation.pk)
    assert len(plc.posts) == 1
