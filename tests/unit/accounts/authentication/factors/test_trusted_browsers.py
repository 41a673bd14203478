"""Trust in a browser: for one account, at one host, until anything changes."""

from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.authentication.factors import changes, trusted_browsers
from accounts.models import Account, TrustedBrowser
from tests.factories import account_row


def test_a_trusted_browser_is_known_by_its_token(alice):
    token = trusted_browsers.trust(alice, "", "Firefox")
    assert trusted_browsers.is_trusted(alice, token)
    assert not trusted_browsers.is_trusted(alice, token[:-1])
    assert not trusted_browsers.is_trusted(alice, "")
    assert [row.user_agent for row in trusted_browsers.of_account(alice)] == ["Firefox"]


def test_trust_is_in_one_account_at_one_host(alice, ash, birch):
    token = trusted_browsers.trust(alice, "")
    assert not trusted_browsers.is_trusted(account_row(ash, "bob"), token)
    assert not trusted_browsers.is_trusted(account_row(birch, "alice"), token)


def test_it_ends_after_thirty_days(alice):
    token = trusted_browsers.trust(alice, "")
    TrustedBrowser.objects.update(expires_at=timezone.now() + timedelta(days=-1))
    assert not trusted_browsers.is_trusted(alice, token)
    trusted_browsers.forget_expired()
    assert not TrustedBrowser.objects.exists()


def test_another_password_ends_it(alice):
    token = trusted_browsers.trust(alice, "")
    Account.objects.filter(pk=alice.pk).update(password=make_password("another good one"))
    alice.refresh_from_db()
    assert not trusted_browsers.is_trusted(alice, token)
    assert trusted_browsers.of_account(alice) == []


def test_the_mailed_factor_switched_on_ends_it(alice):
    token = trusted_browsers.trust(alice, "")
    alice.has_email_auth_factor, alice.email_confirmed_at = True, timezone.now()
    assert not trusted_browsers.is_trusted(alice, token)


def test_a_change_of_factors_ends_it(alice, app, holder):
    token = trusted_browsers.trust(alice, "")
    changes.replace_recovery_codes(holder)
    assert not trusted_browsers.is_trusted(alice, token)


def test_one_browser_is_trusted_by_several_accounts(alice, ash):
    bob = account_row(ash, "bob")
    first = trusted_browsers.trust(alice, "")
    second = trusted_browsers.trust(bob, first)
    assert trusted_browsers.is_trusted(alice, second)
    assert trusted_browsers.is_trusted(bob, second)


def test_a_token_that_was_planted_is_never_worth_anything(alice):
    trusted_browsers.trust(alice, "planted")
    assert not trusted_browsers.is_trusted(alice, "planted")
