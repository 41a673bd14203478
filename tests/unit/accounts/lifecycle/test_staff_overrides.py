"""Staff change an address or a password over the owner's head."""

import pytest
from django.utils import timezone

from accounts.authentication import credentials, email_codes, sessions
from accounts.authentication.credential_rules import EmailRefused, PasswordRefused
from accounts.authentication.credentials import InvalidLogin
from accounts.lifecycle import staff_overrides
from accounts.models import EmailToken, Session
from tests.factories import PASSWORD, account_row


def test_a_new_address_is_lower_case_and_unconfirmed(alice):
    alice.email_confirmed_at = timezone.now()
    alice.save()
    staff_overrides.set_email(alice, " New@Example.COM ")
    alice.refresh_from_db()
    assert (alice.email, alice.email_confirmed_at) == ("new@example.com", None)


def test_codes_to_the_old_address_are_worth_nothing(alice):
    email_codes.issue(alice, EmailToken.Purpose.RESET_PASSWORD)
    staff_overrides.set_email(alice, "new@example.com")
    assert not EmailToken.objects.exists()


def test_an_address_in_use_is_refused(ash, alice):
    account_row(ash, "bobby")
    with pytest.raises(EmailRefused, match="already in use, please use a different email"):
        staff_overrides.set_email(alice, "bobby@example.com")


def test_the_same_address_may_be_in_use_at_another_host(birch, alice):
    account_row(birch, "bobby")
    staff_overrides.set_email(alice, "bobby@example.com")
    alice.refresh_from_db()
    assert alice.email == "bobby@example.com"


@pytest.mark.parametrize("email", ["", "no address", "x@mailinator.com"])
def test_what_sign_up_refuses_is_refused_here(alice, email):
    with pytest.raises(EmailRefused):
        staff_overrides.set_email(alice, email)


def test_a_new_password_opens_and_the_old_one_does_not(ash, alice):
    staff_overrides.set_password(alice, "quite another")
    assert credentials.authenticate(ash, alice.handle, "quite another") == alice
    with pytest.raises(InvalidLogin):
        credentials.authenticate(ash, alice.handle, PASSWORD)


def test_a_new_password_ends_the_sessions(alice):
    sessions.begin(alice)
    staff_overrides.set_password(alice, "quite another")
    assert not Session.objects.filter(account=alice).exists()


@pytest.mark.parametrize("password", ["", "x" * 257])
def test_a_password_that_cannot_be_is_refused(alice, password):
    with pytest.raises(PasswordRefused):
        staff_overrides.set_password(alice, password)
