"""Five wrong codes close the way, each time for longer; a right one takes it back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication.factors import recovery_codes, typed_codes
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.models import FactorAttempts
from hosting.limits import RateLimitExceeded
from hosting.mail.models import OutgoingMail


def try_wrong(holder, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongCode):
            typed_codes.spend(holder, "000000")


def reopen() -> timedelta:
    """Let the lock run out; how long it was."""
    row = FactorAttempts.objects.get()
    FactorAttempts.objects.update(locked_until=timezone.now())
    return row.locked_until - timezone.now()


def test_the_fifth_wrong_code_closes_the_way_for_a_right_one(app, holder, clock):
    try_wrong(holder, 5)
    with pytest.raises(RateLimitExceeded) as refusal:
        typed_codes.spend(holder, app.at(int(clock.now)))
    assert 290 <= int(refusal.value.headers["Retry-After"]) <= 302


def test_four_wrong_codes_do_not(app, holder, clock):
    try_wrong(holder, 4)
    typed_codes.spend(holder, app.at(int(clock.now)))


def test_a_right_code_takes_the_count_back(app, holder, clock):
    try_wrong(holder, 4)
    typed_codes.spend(holder, app.at(int(clock.now)))
    try_wrong(holder, 4)
    clock.now += 30
    typed_codes.spend(holder, app.at(int(clock.now)))


def test_each_lock_lasts_twice_as_long_up_to_a_day(app, holder):
    lasted = []
    for _ in range(11):
        try_wrong(holder, 5)
        lasted.append(round(reopen().total_seconds() / 60))
    assert lasted == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]


def test_recovery_codes_count_towards_the_same_lock(app, holder):
    code = recovery_codes.replace(holder)[0]
    try_wrong(holder, 5)
    with pytest.raises(RateLimitExceeded):
        typed_codes.spend(holder, code)
    assert recovery_codes.left(holder) == 10


def test_the_owner_is_told_that_somebody_knows_the_password(app, holder):
    OutgoingMail.objects.all().delete()
    try_wrong(holder, 5)
    assert "five wrong codes" in OutgoingMail.objects.get().text


def test_a_wrong_code_reads_as_clients_know_it(app, holder):
    with pytest.raises(WrongCode) as refusal:
        typed_codes.spend(holder, "000000")
    shown = (refusal.value.name, refusal.value.status, refusal.value.message)
    assert shown == ("AuthenticationRequired", 401, "Token is invalid")


def test_a_used_recovery_code_is_told(app, holder):
    code = recovery_codes.replace(holder)[0]
    OutgoingMail.objects.all().delete()
    typed_codes.spend(holder, code)
    assert "Recovery code used" in OutgoingMail.objects.get().text
