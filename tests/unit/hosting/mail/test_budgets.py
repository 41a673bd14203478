"""Nobody is written to without end, whoever asks for it."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from hosting.limits import RateLimitExceeded
from hosting.mail import budgets, emails, outbox
from hosting.mail.models import MailCount, OutgoingMail

BYSTANDER, DID = "bystander@example.com", "did:plc:somebody"


@pytest.fixture(autouse=True)
def _captured(settings):
    settings.SMTP_URL, settings.RATE_LIMITS = "", True


def warn(host, to: str = BYSTANDER, cause: str = ""):
    return outbox.post(host, to, emails.PASSWORD_CHANGED, {"handle": "a.test"}, cause=cause)


def send_code(host, to: str = BYSTANDER, cause: str = ""):
    words = {"handle": "a.test", "code": "ABCDE-23456"}
    return outbox.post(host, to, emails.CONFIRM_EMAIL, words, cause=cause)


def test_the_tenth_warning_of_a_kind_in_an_hour_is_left_out(ash):
    sent = [warn(ash) is not None for _ in range(12)]
    assert sent == [True] * 9 + [False] * 3
    assert OutgoingMail.objects.count() == 9


def test_who_asks_for_a_tenth_code_is_told_when_to_come_again(ash):
    for _ in range(9):
        send_code(ash)
    with pytest.raises(RateLimitExceeded) as refusal:
        send_code(ash)
    assert 0 < int(refusal.value.headers["Retry-After"]) <= 3601
    assert OutgoingMail.objects.count() == 9


def test_codes_use_up_no_warnings(ash):
    for _ in range(9):
        send_code(ash)
    assert warn(ash) is not None


def test_an_hour_later_it_goes_on(ash):
    for _ in range(9):
        warn(ash)
    hours = MailCount.objects.filter(window_s=3600)
    hours.update(resets_at=timezone.now() - timedelta(seconds=1))
    assert warn(ash) is not None


def test_an_account_cannot_spread_letters_over_many_addresses(ash):
    sent = [warn(ash, f"p{number}@example.com", DID) is not None for number in range(25)]
    assert sum(sent) == 20
    assert warn(ash, "other@example.com", "did:plc:another") is not None


def test_a_refused_email_takes_nothing_of_the_other_budgets(ash):
    for _ in range(15):
        warn(ash, cause=DID)
    caused = MailCount.objects.get(name="warnings", window_s=3600)
    assert caused.count == 9


def test_what_is_rolled_back_is_not_counted(ash):
    with transaction.atomic():
        warn(ash)
        transaction.set_rollback(True)
    assert not MailCount.objects.exists()


def test_the_budget_outlives_the_letters_of_a_deleted_account(ash):
    for _ in range(9):
        warn(ash)
    outbox.forget(ash, BYSTANDER)
    assert warn(ash) is None


def test_no_host_spends_anothers_budget(ash, birch):
    for _ in range(10):
        warn(ash)
    assert warn(birch) is not None


def test_old_counts_are_forgotten(ash):
    warn(ash)
    MailCount.objects.update(resets_at=timezone.now() - timedelta(days=1))
    budgets.forget_old()
    assert not MailCount.objects.exists()
