"""com.atproto.server.getServiceAuth: for whom, for what, for how long."""

import base64
import time

import orjson
import pytest

from accounts import status
from accounts.authentication import session_tokens
from accounts.models import Account
from tests.api.clients import Person, sign_up
from tests.session_tokens import access_token

NSID = "com.atproto.server.getServiceAuth"
SERVICE = "did:web:video.example.com"
THING = "com.example.grove.thing"
CHAT = "chat.bsky.convo.getLog"
MOVE = "com.atproto.server.createAccount"


def ask(person: Person, **params):
    return person.query(NSID, **{"aud": SERVICE, **params})


def claims(response) -> dict:
    assert response.status_code == 200, response.content
    payload = response.json()["token"].split(".")[1]
    return orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def with_scope(person: Person, scope: str) -> Person:
    token = access_token(person.host, person.did, scope)
    return Person(person.host, token, did=person.did)


def test_a_token_names_the_caller_the_service_and_the_method(alice):
    said = claims(ask(alice, lxm=THING))
    assert (said["iss"], said["aud"], said["lxm"]) == (alice.did, SERVICE, THING)


def test_a_token_lives_a_minute_unless_asked(alice):
    said = claims(ask(alice))
    assert said["exp"] - said["iat"] == 60
    assert "lxm" not in said


def test_a_token_ends_when_it_was_asked_to(alice):
    ends_at = int(time.time()) + 1800
    assert abs(claims(ask(alice, lxm=THING, exp=ends_at))["exp"] - ends_at) <= 1


@pytest.mark.parametrize(
    "aud", [SERVICE + "#bsky_fg", "did:plc:" + "a" * 24, "did:web:localhost%3A41590"]
)
def test_the_audience_is_what_was_asked_for(alice, aud):
    assert claims(ask(alice, aud=aud))["aud"] == aud


@pytest.mark.parametrize(
    "aud", ["", "did:", "x.example", "https://x.example", "did:foo:bar", "did:plc:short",
            SERVICE + "#", "did:web:x.example:path",
            "did:web:x.example%3A443", SERVICE + "#a#b", SERVICE + " "]
)  # fmt: skip
def test_an_audience_that_is_no_atproto_did_is_refused(alice, aud):
    assert refusal(ask(alice, aud=aud)) == (400, "InvalidRequest")


@pytest.mark.parametrize(("lxm", "seconds"), [(THING, -10), (THING, 3700), ("", 90)])
def test_an_expiry_in_the_past_or_too_far_ahead_is_refused(alice, lxm, seconds):
    named = {"lxm": lxm} if lxm else {}
    response = ask(alice, exp=int(time.time()) + seconds, **named)
    assert refusal(response) == (400, "BadExpiration")


@pytest.mark.parametrize(
    "lxm", ["com.atproto.server.getSession", "com.atproto.identity.updateHandle",
            "COM.atproto.server.UPDATEemail"]
)  # fmt: skip
def test_methods_of_the_account_itself_get_no_token(alice, lxm):
    assert refusal(ask(alice, lxm=lxm)) == (400, "InvalidRequest")


@pytest.mark.parametrize("lxm", [CHAT, "chat.BSKY.convo.getlog", MOVE])
def test_an_app_password_gets_no_token_for_messages_or_for_moving(alice, lxm):
    assert refusal(ask(with_scope(alice, session_tokens.APP_PASSWORD_SCOPE), lxm=lxm))[0] == 400


def test_a_privileged_app_password_gets_a_token_for_messages(alice):
    app = with_scope(alice, session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE)
    assert claims(ask(app, lxm=CHAT))["lxm"] == CHAT


def test_only_the_main_password_gets_a_token_to_moderate_a_host_with(alice):
    lxm = "com.atproto.admin.updateSubjectStatus"
    for scope in (session_tokens.APP_PASSWORD_SCOPE, session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE):
        assert refusal(ask(with_scope(alice, scope), lxm=lxm))[0] == 400
    assert claims(ask(alice, lxm=lxm))["lxm"] == lxm


def test_somebody_taken_down_gets_a_token_to_leave_and_no_other(alice):
    leaving = with_scope(alice, session_tokens.TAKENDOWN_SCOPE)
    assert claims(ask(leaving, lxm=MOVE))["iss"] == alice.did
    assert refusal(ask(leaving, lxm=THING)) == (400, "InvalidToken")
    assert refusal(ask(leaving)) == (400, "InvalidToken")


def test_a_session_from_before_the_takedown_gets_no_token(alice):
    status.take_down(Account.objects.get(did=alice.did))
    assert refusal(ask(alice, lxm=THING)) == (400, "ExpiredToken")


def test_nobody_gets_no_token(anyone):
    assert refusal(anyone.query(NSID, aud=SERVICE)) == (401, "AuthMissing")


def test_two_tokens_are_never_the_same(ash):
    carol = sign_up(ash, "carol")
    assert claims(ask(carol))["jti"] != claims(ask(carol))["jti"]
