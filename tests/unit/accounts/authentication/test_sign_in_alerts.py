"""An e-mail when somebody signs in from a new place; none otherwise."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication import (
    app_passwords,
    credentials,
    email_codes,
    sessions,
    sign_in_alerts,
)
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.sessions import LoginContext
from accounts.authentication.sign_in_alerts import Client, Way, place_of
from accounts.models import KnownPlace, SignIn
from hosting.mail.models import OutgoingMail, Sender
from tests.factories import PASSWORD, account_row

HOME, AWAY = "203.0.113.7", "198.51.100.1"


@pytest.fixture
def at_home(alice):
    """Alice, who signed up at home."""
    sign_in_alerts.note(alice, Client(HOME))
    return alice


def test_the_first_place_is_no_news(at_home):
    assert KnownPlace.objects.count() == 1
    assert not OutgoingMail.objects.exists()


def test_a_new_place_is_told_once(at_home):
    for _ in range(2):
        sign_in_alerts.note(at_home, Client(AWAY))
    email = OutgoingMail.objects.get()
    assert (email.kind, email.recipient) == ("sign_in_alert", at_home.email)
    assert AWAY in email.text


def test_a_neighbouring_address_is_the_same_place(at_home):
    sign_in_alerts.note(at_home, Client("203.0.113.250"))
    assert not OutgoingMail.objects.exists()


def test_accounts_do_not_share_places(at_home, ash):
    bob = account_row(ash, "bob")
    sign_in_alerts.note(bob, Client(AWAY))
    sign_in_alerts.note(at_home, Client(AWAY))
    assert OutgoingMail.objects.get().recipient == at_home.email


def test_a_host_may_do_without_alerts(at_home, ash):
    Sender.objects.create(host=ash, has_sign_in_alerts=False)
    sign_in_alerts.note(at_home, Client(AWAY))
    assert not OutgoingMail.objects.exists()
    assert KnownPlace.objects.count() == 2


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_place_is_a_part_of_the_network(address, place):
    assert sign_in_alerts.place_of(address) == place


def test_the_table_knows_no_address(at_home):
    assert re.fullmatch("[0-9a-f]{64}", KnownPlace.objects.get().place_hash)


def test_signing_in_with_the_main_password_counts_and_with_an_apps_does_not(at_home, ash):
    _, password = app_passwords.create(at_home, "phone", is_privileged=False)
    OutgoingMail.objects.all().delete()  # about the app password
    sessions.log_in(ash, at_home.did, password, LoginContext(address=AWAY))
    assert not OutgoingMail.objects.exists()
    sessions.log_in(ash, at_home.did, PASSWORD, LoginContext(address=AWAY))
    assert OutgoingMail.objects.get().kind == "sign_in_alert"


def test_places_of_long_ago_are_forgotten(at_home):
    KnownPlace.objects.update(last_seen_at=timezone.now() - timedelta(days=181))
    sign_in_alerts.forget_old()
    assert not KnownPlace.objects.exists()


def test_more_than_three_new_places_a_day_are_not_mailed(at_home):
    for number in range(5):
        sign_in_alerts.note(at_home, Client(f"198.51.{number}.1"))
    assert OutgoingMail.objects.count() == 3


def test_the_owner_sees_who_signed_in_and_who_failed(alice, ash, monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    context = LoginContext(address=AWAY, agent="An app\0")
    sessions.log_in(ash, alice.did, PASSWORD, context)
    with pytest.raises(credentials.InvalidLogin):
        sessions.log_in(ash, alice.did, "wrong", context)
    failed, good = sign_in_alerts.of_account(alice)
    assert (failed.is_success, good.is_success) == (False, True)
    assert (good.way, good.place, good.agent) == ("password", place_of(AWAY), "An app")


def test_a_code_beside_the_password_is_a_second_step(ash):
    now = timezone.now()
    alice = account_row(ash, has_email_auth_factor=True, email_confirmed_at=now)
    code = email_codes.issue(alice, email_codes.Purpose.AUTH_FACTOR)
    sessions.log_in(ash, alice.did, PASSWORD, LoginContext(code=code))
    assert sign_in_alerts.of_account(alice)[0].way == Way.TWO_STEPS


def test_failures_do_not_push_out_who_signed_in(alice, monkeypatch):
    monkeypatch.setattr(sign_in_alerts, "KEPT_MAX", 3)
    client, way = Client(AWAY), Way.PASSWORD
    sign_in_alerts.record(alice, client, way, is_success=True)
    for _ in range(5):
        sign_in_alerts.record(alice, client, way, is_success=False)
    assert SignIn.objects.filter(account=alice, is_success=True).count() == 1
    assert SignIn.objects.filter(account=alice, is_success=False).count() == 3


def test_sign_ins_are_kept_for_thirty_days(alice):
    sign_in_alerts.record(alice, Client(AWAY), Way.PASSWORD, is_success=True)
    SignIn.objects.update(at=timezone.now() - sign_in_alerts.KEPT_FOR)
    assert sign_in_alerts.of_account(alice) == []
    sign_in_alerts.forget_old()
    assert not SignIn.objects.exists()


def test_failures_hide_no_success_from_the_owner(alice, monkeypatch):
    monkeypatch.setattr(sign_in_alerts, "KEPT_MAX", 3)
    sign_in_alerts.record(alice, Client(AWAY), Way.PASSKEY, is_success=True)
    for _ in range(5):
        sign_in_alerts.record(alice, Client(AWAY), Way.PASSWORD, is_success=False)
    assert [each.is_success for each in sign_in_alerts.of_account(alice)] == [False] * 3 + [True]
    assert sign_in_alerts.last_of(alice).way == Way.PASSKEY


def test_a_wrong_second_step_is_in_the_history(ash):
    now = timezone.now()
    alice = account_row(ash, has_email_auth_factor=True, email_confirmed_at=now)
    with pytest.raises(WrongCode):
        sessions.log_in(ash, alice.did, PASSWORD, LoginContext("AAAAA-BBBBB", AWAY, "An app"))
    failed = sign_in_alerts.of_account(alice)[0]
    assert (failed.is_success, failed.way, failed.agent) == (False, Way.TWO_STEPS, "An app")
