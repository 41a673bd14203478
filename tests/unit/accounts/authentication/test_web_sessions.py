"""Who is signed in to the pages."""

from datetime import timedelta

from django.utils import timezone

from accounts import status
from accounts.authentication import web_sessions
from accounts.models import WebSession


def test_the_cookie_leads_to_the_account(ash, alice):
    assert web_sessions.account_of(ash, web_sessions.begin(alice)) == alice


def test_only_a_hash_of_the_cookie_is_kept(alice):
    token = web_sessions.begin(alice)
    assert token not in WebSession.objects.get().token_sha256


def test_a_made_up_cookie_leads_nowhere(ash, alice):
    web_sessions.begin(alice)
    assert web_sessions.account_of(ash, "made-up\udcff") is None


def test_the_cookie_is_a_strangers_at_another_host(birch, alice):
    token = web_sessions.begin(alice)
    assert web_sessions.account_of(birch, token) is None
    web_sessions.end(birch, token)
    assert WebSession.objects.exists()


def test_signing_out_ends_one_session(ash, alice):
    token, other = web_sessions.begin(alice), web_sessions.begin(alice)
    web_sessions.end(ash, token)
    assert web_sessions.account_of(ash, token) is None
    assert web_sessions.account_of(ash, other) == alice


def test_a_session_unused_for_thirty_days_is_over(ash, alice):
    token = web_sessions.begin(alice)
    WebSession.objects.update(last_seen_at=timezone.now() - timedelta(days=30))
    assert web_sessions.account_of(ash, token) is None
    web_sessions.forget_expired()
    assert not WebSession.objects.exists()


def test_use_keeps_a_session_alive(ash, alice):
    token = web_sessions.begin(alice)
    WebSession.objects.update(last_seen_at=timezone.now() - timedelta(days=29))
    web_sessions.account_of(ash, token)
    assert WebSession.objects.get().last_seen_at > timezone.now() - timedelta(minutes=1)


def test_a_takedown_ends_sessions_and_others_may_begin(ash, alice, announced):
    before = web_sessions.begin(alice)
    status.take_down(alice)
    assert web_sessions.account_of(ash, before) is None
    assert web_sessions.account_of(ash, web_sessions.begin(alice)) == alice
