"""Throw-away mail domains."""

from accounts.authentication.credential_rules import is_disposable


def test_a_throw_away_domain_is_known():
    assert is_disposable("me@mailinator.com")


def test_letter_case_does_not_hide_it():
    assert is_disposable("me@MailInator.COM")


def test_a_subdomain_does_not_hide_it():
    assert is_disposable("me@box.yopmail.com")


def test_a_domain_that_only_ends_alike_passes():
    assert not is_disposable("me@notmailinator.com")


def test_ordinary_addresses_pass():
    assert not is_disposable("me@example.com")
