"""Who is signed in to the pages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import standing, websessions
from accounts.models import WebSession


def test_the_cookie_leads_to_the_account(ash, alice):
    assert websessions.account_of(ash, websessions.begin(alice)) == alice


def test_only_a_hash_of_the_cookie_is_kept(alice):
    token = websessions.begin(alice)
    assert token not in WebSession.objects.get().token_sha256


def test_a_made_up_cookie_leads_nowhere(ash, alice):
    websessions.begin(alice)
    assert websessions.account_of(ash, "made-up\udcff") is None


def test_the_cookie_is_a_strangers_at_another_host(birch, alice):
    token = websessions.begin(alice)
    assert websessions.account_of(birch, token) is None
    websessions.end(birch, token)
    assert WebSession.objects.exists()


def test_signing_out_ends_one_session(ash, alice):
    token, other = websessions.begin(alice), websessions.begin(alice)
    websessions.end(ash, token)
    assert websessions.account_of(ash, token) is None
    assert websessions.account_of(ash, other) == alice


def test_a_session_unused_for_thirty_days_is_over(ash, alice):
    token = websessions.begin(alice)
    WebSession.objects.update(last_seen_at=timezone.now() - timedelta(days=30))
    assert websessions.account_of(ash, token) is None
    websessions.forget_expired()
    assert not WebSession.objects.exists()


def test_use_keeps_a_session_alive(ash, alice):
    token = websessions.begin(alice)
    WebSession.objects.update(last_seen_at=timezone.now() - timedelta(days=29))
    websessions.account_of(ash, token)
    assert WebSession.objects.get().last_seen_at > timezone.now() - timedelta(minutes=1)


def test_a_taken_down_account_cannot_sign_in(alice, announced):
    standing.take_down(alice)
    with pytest.raises(standing.AccountTakedown):
        websessions.begin(alice)
