"""Log in, refresh, sign out."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import status
from accounts.authentication import credentials, session_tokens, sessions
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
