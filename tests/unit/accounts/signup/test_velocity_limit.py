"""The velocity limit: trips once, stays so, at one host alone."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import SignUpVelocityLimit
from accounts.signup import velocity_limit
from hosting.mail.models import OutgoingMail


@pytest.fixture
def host(ash):
    ash.sign_up_limit_count = 3
    ash.tenant.support_email = "owner@ash.example"
    return ash


def test_as_many_as_the_limit_pass(host):
    assert [velocity_limit.count(host) for _ in range(5)] == [True, True, True, False, False]
    assert velocity_limit.is_tripped(host)


def test_a_host_without_a_limit_counts_nothing(ash):
    ash.sign_up_limit_count = None
    assert all(velocity_limit.count(ash) for _ in range(50))
    assert not SignUpVelocityLimit.objects.exists()


def test_the_other_host_notices_nothing(host, birch):
    birch.sign_up_limit_count = 3
    [velocity_limit.count(host) for _ in range(9)]
    assert velocity_limit.count(birch)
    assert not velocity_limit.is_tripped(birch)


def test_slow_and_steady_never_trips(host):
    for _ in range(9):
        assert velocity_limit.count(host)
        SignUpVelocityLimit.objects.update(window_started_at=timezone.now() - timedelta(minutes=11))


def test_time_alone_does_not_reopen(host):
    [velocity_limit.count(host) for _ in range(4)]
    SignUpVelocityLimit.objects.update(window_started_at=timezone.now() - timedelta(days=1))
    assert not velocity_limit.count(host)


def test_staff_reopen_and_counting_begins_anew(host):
    [velocity_limit.count(host) for _ in range(4)]
    velocity_limit.reopen(host)
    assert [velocity_limit.count(host) for _ in range(4)] == [True, True, True, False]


def test_the_tenant_is_told_once(host):
    [velocity_limit.count(host) for _ in range(9)]
    email = OutgoingMail.objects.get()
    assert (email.recipient, email.kind) == ("owner@ash.example", "sign_ups_held")
    assert "More than 3 people signed up at localhost within 10 minutes" in email.text


@pytest.mark.django_db(transaction=True)
def test_parallel_sign_ups_do_not_slip_past_each_other(host):
    passed = []

    def run():
        passed.append(velocity_limit.count(host))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert passed.count(True) == 3
