"""An e-mail when somebody signs in from a new place; none otherwise."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication import app_passwords, sessions, sign_in_alerts
from accounts.authentication.sessions import LoginContext
from accounts.models import KnownPlace
from hosting.mail.models import OutgoingMail, Sender
from tests.factories import PASSWORD, account_row

HOME, AWAY = "203.0.113.7", "198.51.100.1"


@pytest.fixture
def at_home(alice):
    """Alice, who signed up at home."""
    sign_in_alerts.note(alice, HOME)
    return alice


def test_the_first_place_is_no_news(at_home):
    assert KnownPlace.objects.count() == 1
    assert not OutgoingMail.objects.exists()


def test_a_new_place_is_told_once(at_home):
    for _ in range(2):
        sign_in_alerts.note(at_home, AWAY)
    email = OutgoingMail.objects.get()
    assert (email.kind, email.recipient) == ("sign_in_alert", at_home.email)
    assert AWAY in email.text


def test_a_neighbouring_address_is_the_same_place(at_home):
    sign_in_alerts.note(at_home, "203.0.113.250")
    assert not OutgoingMail.objects.exists()


def test_accounts_do_not_share_places(at_home, ash):
    bob = account_row(ash, "bob")
    sign_in_alerts.note(bob, AWAY)
    sign_in_alerts.note(at_home, AWAY)
    assert OutgoingMail.objects.get().recipient == at_home.email


def test_a_host_may_do_without_alerts(at_home, ash):
    Sender.objects.create(host=ash, has_sign_in_alerts=False)
    sign_in_alerts.note(at_home, AWAY)
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
    sessions.log_in(ash, at_home.did, password, LoginContext(address=AWAY))
    assert not OutgoingMail.objects.exists()
    sessions.log_in(ash, at_home.did, PASSWORD, LoginContext(address=AWAY))
    assert OutgoingMail.objects.get().kind == "sign_in_alert"


def test_places_of_long_ago_are_forgotten(at_home):
    KnownPlace.objects.update(last_seen_at=timezone.now() - timedelta(days=181))
    sign_in_alerts.forget_old()
    assert not KnownPlace.objects.exists()
