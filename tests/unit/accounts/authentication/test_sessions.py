"""Log in, refresh, sign out."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import status
from accounts.authentication import (
    app_passwords,
    credentials,
    session_tokens,
    sessions,
    signed_in_apps,
)
from accounts.authentication.sessions import LoginContext
from accounts.models import Session
from protocol.errors import XrpcError
from tests.factories import PASSWORD, account_row


@pytest.fixture
def login(ash, alice):
    return sessions.log_in(ash, alice.handle, PASSWORD)


def jti_of(host, pair) -> str:
    return session_tokens.read_refresh(host, pair.refresh_jwt).jti


def refused(verb, *arguments) -> tuple[str, int, str]:
    with pytest.raises(XrpcError) as refusal:
        verb(*arguments)
    return refusal.value.name, refusal.value.status, refusal.value.message


REVOKED = ("ExpiredToken", 400, "Token has been revoked")


def test_a_login_gives_full_access(ash, alice, login):
    claims = session_tokens.read_access(ash, login.access_jwt)
    assert (claims.did, claims.scope) == (alice.did, "com.atproto.access")
    assert login.account == alice


def test_a_refresh_token_lives_ninety_days(ash, login):
    session = Session.objects.get(pk=jti_of(ash, login))
    assert session.expires_at - session.created_at > timedelta(days=89, hours=23)


def test_a_deactivated_account_logs_in(ash, alice):
    alice.deactivated_at = timezone.now()
    alice.save()
    assert sessions.log_in(ash, alice.did, PASSWORD).account.status == "deactivated"


def test_a_taken_down_account_does_not_log_in(ash, alice, announced):
    status.take_down(alice)
    assert refused(sessions.log_in, ash, alice.did, PASSWORD) == (
        "AccountTakedown", 401, "Account has been taken down",
    )  # fmt: skip


def test_a_taken_down_account_with_a_wrong_password_learns_nothing(
    ash, alice, announced, monkeypatch
):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    status.take_down(alice)
    assert refused(sessions.log_in, ash, alice.did, "wrong")[0] == "AuthenticationRequired"


def test_a_taken_down_person_may_log_in_to_move_away(ash, alice, announced):
    status.take_down(alice)
    pair = sessions.log_in(ash, alice.did, PASSWORD, allow_takendown=True)
    assert session_tokens.read_access(ash, pair.access_jwt).scope == "com.atproto.takendown"
    assert refused(sessions.refresh, ash, pair.refresh_jwt)[0] == "AccountTakedown"
    status.restore(alice)
    assert refused(sessions.refresh, ash, pair.refresh_jwt) == REVOKED


def test_allow_takendown_changes_nothing_for_others(ash, alice):
    pair = sessions.log_in(ash, alice.did, PASSWORD, allow_takendown=True)
    assert session_tokens.read_access(ash, pair.access_jwt).scope == "com.atproto.access"


def test_refreshing_rotates(ash, login):
    successor = sessions.refresh(ash, login.refresh_jwt)
    assert jti_of(ash, successor) != jti_of(ash, login)
    assert sessions.refresh(ash, successor.refresh_jwt).account == login.account


def test_a_replay_in_the_grace_period_leads_to_the_same_successor(ash, login):
    first = sessions.refresh(ash, login.refresh_jwt)
    second = sessions.refresh(ash, login.refresh_jwt)
    assert jti_of(ash, first) == jti_of(ash, second)


def test_a_replay_after_the_grace_period_is_revoked(ash, login):
    sessions.refresh(ash, login.refresh_jwt)
    Session.objects.exclude(next_jti=None).update(grace_ends_at=timezone.now())
    assert refused(sessions.refresh, ash, login.refresh_jwt) == REVOKED


def test_grace_lasts_two_hours(ash, login):
    sessions.refresh(ash, login.refresh_jwt)
    session = Session.objects.get(pk=jti_of(ash, login))
    assert abs(session.grace_ends_at - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)


def test_refreshing_keeps_the_scope(ash, login):
    Session.objects.update(scope=session_tokens.APP_PASSWORD_SCOPE, app_password_name="phone")
    successor = sessions.refresh(ash, login.refresh_jwt)
    assert session_tokens.read_access(ash, successor.access_jwt).scope == "com.atproto.appPass"
    assert Session.objects.get(pk=jti_of(ash, successor)).app_password_name == "phone"


@pytest.mark.django_db(transaction=True)
def test_ten_parallel_refreshes_converge(ash, login):
    successors = []

    def refresh():
        successors.append(jti_of(ash, sessions.refresh(ash, login.refresh_jwt)))
        connection.close()

    threads = [threading.Thread(target=refresh) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(successors) == 10
    assert len(set(successors)) == 1


def test_a_takedown_stops_the_refresh(ash, alice, login, announced):
    status.take_down(alice)
    assert refused(sessions.refresh, ash, login.refresh_jwt)[:2] == ("AccountTakedown", 401)


def test_sessions_from_before_a_takedown_do_not_come_back(ash, alice, login, announced):
    status.take_down(alice)
    status.restore(alice)
    assert refused(sessions.refresh, ash, login.refresh_jwt) == REVOKED


def test_a_deleted_account_is_not_found(ash, alice, login):
    alice.delete()
    assert refused(sessions.refresh, ash, login.refresh_jwt)[0] == "AccountNotFound"


def test_an_access_token_does_not_refresh(ash, login):
    assert refused(sessions.refresh, ash, login.access_jwt)[2] == "Bad token scope"


def test_another_host_does_not_know_the_token(birch, login):
    assert refused(sessions.refresh, birch, login.refresh_jwt)[0] == "InvalidToken"
    assert refused(session_tokens.read_access, birch, login.access_jwt)[0] == "InvalidToken"


def test_signing_out_ends_the_login_and_its_successors(ash, login):
    successor = sessions.refresh(ash, login.refresh_jwt)
    sessions.end(ash, login.refresh_jwt)
    assert refused(sessions.refresh, ash, login.refresh_jwt) == REVOKED
    assert refused(sessions.refresh, ash, successor.refresh_jwt) == REVOKED


def test_signing_out_leaves_other_logins_alone(ash, alice, login):
    other = sessions.log_in(ash, alice.did, PASSWORD)
    sessions.end(ash, login.refresh_jwt)
    assert sessions.refresh(ash, other.refresh_jwt).account == alice


def test_signing_out_twice_is_harmless(ash, alice, login):
    sessions.end(ash, login.refresh_jwt)
    sessions.end(ash, login.refresh_jwt)
    alice.delete()
    sessions.end(ash, login.refresh_jwt)


def test_an_expired_token_signs_out(ash, alice):
    session = Session.objects.get(pk=jti_of(ash, sessions.begin(alice)))
    expired = session_tokens.make_refresh(
        ash, alice.did, session.jti, timezone.now() - timedelta(days=1)
    )
    sessions.end(ash, expired)
    assert not Session.objects.exists()


def test_an_access_token_does_not_sign_out(ash, login):
    assert refused(sessions.end, ash, login.access_jwt)[0] == "InvalidToken"


def test_no_session_begins_for_an_account_that_never_opened(ash):
    assert refused(sessions.begin, account_row(ash, opened_at=None))[0] == "AccountNotFound"


def test_the_sweep_forgets_only_what_is_of_no_use(ash, login):
    successor = sessions.refresh(ash, login.refresh_jwt)
    sessions.forget_expired()
    assert Session.objects.count() == 2
    Session.objects.exclude(next_jti=None).update(grace_ends_at=timezone.now())
    sessions.forget_expired()
    assert [session.jti for session in Session.objects.all()] == [jti_of(ash, successor)]


# --- apps by OAuth alone


def oauth_only(account) -> None:
    account.is_oauth_only = True
    account.save(update_fields=["is_oauth_only"])


def test_where_apps_sign_in_by_oauth_alone_no_password_opens_a_session(ash, alice):
    _, phone = app_passwords.create(alice, "phone", is_privileged=True)
    oauth_only(alice)
    with pytest.raises(sessions.OAuthRequired):
        sessions.log_in(ash, alice.did, PASSWORD)
    with pytest.raises(app_passwords.AppPasswordsBlocked):
        sessions.log_in(ash, alice.did, phone)


def test_a_wrong_password_does_not_learn_of_it(ash, alice, monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    oauth_only(alice)
    with pytest.raises(credentials.InvalidLogin):
        sessions.log_in(ash, alice.did, "wrong")


def test_who_was_taken_down_may_still_move_away(ash, alice, announced):
    oauth_only(alice)
    status.take_down(alice)
    assert sessions.log_in(ash, alice.did, PASSWORD, allow_takendown=True)


def test_a_session_that_begins_while_the_switch_is_thrown_does_not(ash, alice):
    login = credentials.authenticate_app(ash, alice.did, PASSWORD)
    signed_in_apps.set_oauth_only(alice, is_on=True)
    with pytest.raises(sessions.OAuthRequired):
        sessions.begin_with(login)
    assert not Session.objects.exists()


# --- what is listed


def test_a_session_keeps_since_when_and_from_where_it_is(ash, alice):
    context = LoginContext(address="203.0.113.7", agent="An app")
    tokens = sessions.log_in(ash, alice.did, PASSWORD, context)
    sessions.refresh(ash, tokens.refresh_jwt)
    (app,) = signed_in_apps.of_account(alice)
    assert (app.place, app.agent, app.app_password_name) == ("203.0.113.0/24", "An app", None)
    assert app.since is not None
    assert app.since < app.last_used_at


def test_one_session_is_ended_with_its_successors(ash, alice):
    tokens, other = sessions.begin(alice), sessions.begin(alice)
    sessions.refresh(ash, tokens.refresh_jwt)
    lineage = Session.objects.get(pk=jti_of(ash, tokens)).lineage
    signed_in_apps.end_lineage(alice, lineage)
    assert [app.lineage for app in signed_in_apps.of_account(alice)] == [
        Session.objects.get(pk=jti_of(ash, other)).lineage
    ]


def test_an_app_password_says_when_it_was_used_last(ash, alice):
    row, phone = app_passwords.create(alice, "phone", is_privileged=False)
    assert row.last_used_at is None
    sessions.log_in(ash, alice.did, phone)
    (used,) = app_passwords.of_account(alice)
    assert used.last_used_at is not None
