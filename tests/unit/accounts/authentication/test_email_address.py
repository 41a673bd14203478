"""An address is confirmed, changed, and becomes a second factor."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication import (
    credential_rules,
    email_address,
    email_codes,
    security_changes,
    sessions,
)
from accounts.authentication.credential_rules import EmailRefused
from accounts.authentication.email_address import (
    Change,
    FactorNeedsConfirmedEmail,
    InvalidEmail,
    TokenRequired,
)
from accounts.authentication.email_codes import ExpiredToken, InvalidToken, Purpose
from accounts.authentication.security_changes import CannotUndo
from accounts.models import Account, EmailToken, SecurityChange, Session
from hosting.mail.models import OutgoingMail
from tests.factories import account_row

NEW = "new@example.com"


@pytest.fixture
def confirmed(ash) -> Account:
    return account_row(ash, email_confirmed_at=timezone.now())


def stored(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def code_for(account: Account, purpose: Purpose = Purpose.UPDATE_EMAIL) -> str:
    return email_codes.issue(account, purpose)


def test_the_code_confirms_the_address(alice):
    email_address.confirm(alice, " Alice@Example.com", code_for(alice, Purpose.CONFIRM_EMAIL))
    assert stored(alice).email_confirmed_at is not None
    assert not EmailToken.objects.exists()


def test_another_address_is_not_confirmed(alice):
    code = code_for(alice, Purpose.CONFIRM_EMAIL)
    with pytest.raises(InvalidEmail):
        email_address.confirm(alice, NEW, code)
    assert stored(alice).email_confirmed_at is None


def test_a_wrong_code_confirms_nothing_and_is_counted(alice):
    code_for(alice, Purpose.CONFIRM_EMAIL)
    with pytest.raises(InvalidToken):
        email_address.confirm(alice, alice.email, "AAAAA-BBBBB")
    assert stored(alice).email_confirmed_at is None
    assert EmailToken.objects.get().wrong_tries == 1


def test_an_address_that_nobody_confirmed_is_changed_without_a_code(alice):
    assert email_address.ask_to_change(alice) is False
    assert not OutgoingMail.objects.exists()
    email_address.change(alice, Change("New@Example.com"))
    assert (stored(alice).email, stored(alice).email_confirmed_at) == (NEW, None)


def test_a_confirmed_one_needs_a_code_and_is_left_for_an_unconfirmed_one(confirmed):
    assert email_address.ask_to_change(confirmed) is True
    assert OutgoingMail.objects.get().recipient == confirmed.email
    with pytest.raises(TokenRequired):
        email_address.change(confirmed, Change(NEW))
    with pytest.raises(InvalidToken):
        email_address.change(confirmed, Change(NEW, "AAAAA-BBBBB"))
    assert stored(confirmed).email == confirmed.email
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    assert (stored(confirmed).email, stored(confirmed).email_confirmed_at) == (NEW, None)


def test_a_change_burns_every_code_of_the_old_address(confirmed):
    code = code_for(confirmed)
    for purpose in (Purpose.RESET_PASSWORD, Purpose.DELETE_ACCOUNT):
        code_for(confirmed, purpose)
    email_address.change(confirmed, Change(NEW, code))
    assert not EmailToken.objects.exists()


def test_the_old_address_is_told(confirmed):
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    email = OutgoingMail.objects.get()
    assert (email.recipient, email.kind) == (confirmed.email, "change_email_changed")


def test_an_address_in_use_is_refused_and_the_code_stays(confirmed, ash):
    account_row(ash, "bob", email=NEW)
    code = code_for(confirmed)
    with pytest.raises(credential_rules.EmailInUse):
        email_address.change(confirmed, Change(NEW, code))
    email_codes.check(confirmed, Purpose.UPDATE_EMAIL, code)


def test_an_address_of_another_host_is_free(alice, birch):
    account_row(birch, "bob", email=NEW)
    email_address.change(alice, Change(NEW))
    assert stored(alice).email == NEW


@pytest.mark.parametrize("email", ["", "plain", "a@b", "x@mailinator.com"])
def test_what_is_no_address_for_us_is_refused(alice, email):
    with pytest.raises(EmailRefused):
        email_address.change(alice, Change(email))


def test_an_expired_code_changes_nothing(confirmed):
    code = code_for(confirmed)
    EmailToken.objects.update(issued_at=timezone.now() - email_codes.LIVES)
    with pytest.raises(ExpiredToken):
        email_address.change(confirmed, Change(NEW, code))


def test_a_second_factor_can_be_added_without_a_code_and_keeps_the_confirmation(confirmed):
    email_address.change(confirmed, Change(confirmed.email, wants_factor=True))
    assert stored(confirmed).needs_email_code


def test_a_second_factor_needs_a_confirmed_address(alice):
    with pytest.raises(FactorNeedsConfirmedEmail):
        email_address.change(alice, Change(alice.email, wants_factor=True))


def test_a_second_factor_is_not_taken_away_without_a_code(confirmed):
    email_address.change(confirmed, Change(confirmed.email, wants_factor=True))
    without = Change(confirmed.email, wants_factor=False)
    with pytest.raises(TokenRequired):
        email_address.change(confirmed, without)
    email_address.change(
        confirmed, Change(confirmed.email, code_for(confirmed), wants_factor=False)
    )
    assert not stored(confirmed).has_email_auth_factor


def test_a_new_address_rests_the_second_factor_until_it_is_confirmed(confirmed):
    email_address.change(confirmed, Change(confirmed.email, wants_factor=True))
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    moved = stored(confirmed)
    assert (moved.has_email_auth_factor, moved.needs_email_code) == (True, False)
    email_address.confirm(moved, NEW, code_for(moved, Purpose.CONFIRM_EMAIL))
    assert stored(confirmed).needs_email_code


def test_an_address_that_nobody_confirmed_hears_once_that_it_was_left(alice):
    first = alice.email
    for address in (NEW, first, NEW, first, NEW):
        email_address.change(stored(alice), Change(address))
    emails = OutgoingMail.objects.filter(recipient=first)
    assert [email.kind for email in emails] == ["unconfirmed_email_changed"]
    assert not OutgoingMail.objects.filter(recipient=NEW).exists()


def test_an_address_that_came_without_a_code_is_not_trusted_for_three_days(alice):
    assert alice.is_email_trusted
    email_address.change(alice, Change(NEW))
    email_address.confirm(stored(alice), NEW, code_for(stored(alice), Purpose.CONFIRM_EMAIL))
    with pytest.raises(email_address.EmailTooNew, match="ask for the code with your password"):
        email_address.check_trusted(stored(alice))
    three_days_ago = timezone.now() - timedelta(hours=72)
    Account.objects.update(email_replaced_at=three_days_ago)
    email_address.check_trusted(stored(alice))


def test_an_address_that_came_by_a_code_to_the_one_before_is_trusted(confirmed):
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    email_address.check_trusted(stored(confirmed))


def test_a_new_account_is_sent_the_code_that_confirms_its_address(alice, settings):
    settings.SIGN_UP_MAIL = False
    email_address.welcome(alice, None)
    assert not OutgoingMail.objects.exists()
    settings.SIGN_UP_MAIL = True
    email_address.welcome(alice, None)
    assert OutgoingMail.objects.get().kind == "confirm_email"


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "Bestätigung Ihrer E-Mail-Adresse"),
        ("en", "Email Confirmation"),
        (None, "Email Confirmation"),
    ],
)
def test_the_first_email_speaks_the_language_of_its_reader(alice, settings, language, subject):
    settings.SIGN_UP_MAIL = True
    email_address.welcome(alice, language)
    assert OutgoingMail.objects.get().subject == subject


def test_the_reader_of_the_old_address_takes_it_back(confirmed, ash):
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    sessions.begin(confirmed)
    token = re.search(r"/account/undo/(\S+)", OutgoingMail.objects.get().text).group(1)
    security_changes.take_back(ash, token)
    after = Account.objects.get(pk=confirmed.pk)
    assert (after.email, after.email_confirmed_at is not None) == (confirmed.email, True)
    assert not Session.objects.exists()


def test_the_link_of_an_address_that_was_taken_back_takes_nothing_back(confirmed, ash):
    thief = "thief@example.com"
    email_address.change(confirmed, Change(thief, code_for(confirmed)))
    Account.objects.update(email_confirmed_at=timezone.now())
    confirmed.refresh_from_db()
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    links = [
        re.search(r"/account/undo/(\S+)", OutgoingMail.objects.get(recipient=each).text).group(1)
        for each in ("alice@example.com", thief)
    ]
    security_changes.take_back(ash, links[0])
    with pytest.raises(CannotUndo):
        security_changes.take_back(ash, links[1])
    assert Account.objects.get().email == "alice@example.com"


def test_an_address_that_somebody_else_has_by_now_is_not_taken_back(confirmed, ash):
    before = confirmed.email
    email_address.change(confirmed, Change(NEW, code_for(confirmed)))
    token = re.search(r"/account/undo/(\S+)", OutgoingMail.objects.get().text).group(1)
    account_row(ash, "bob", email=before)
    with pytest.raises(credential_rules.EmailInUse):
        security_changes.take_back(ash, token)
    assert SecurityChange.objects.get().undone_at is None
