"""Who wants a second factor signs in with the main password and a mailed code."""

import pytest
from django.core import signing
from django.utils import timezone

from accounts import status
from accounts.authentication import (
    app_passwords,
    credentials,
    email_codes,
    password_resets,
    sessions,
)
from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.email_codes import Purpose
from accounts.authentication.factors import second_step
from accounts.authentication.factors.second_step import AuthFactorTokenRequired, Shown, Ways
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.sessions import LoginContext
from accounts.models import Account
from accounts.status import AccountTakedown
from hosting.mail.models import OutgoingMail
from tests.factories import PASSWORD, account_row

MAILED = Ways(is_mailed=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def guarded(ash) -> Account:
    return account_row(ash, has_email_auth_factor=True, email_confirmed_at=timezone.now())


def code_for(account: Account) -> str:
    return email_codes.issue(account, Purpose.AUTH_FACTOR)


def test_the_right_password_has_a_code_mailed(guarded, ash):
    with pytest.raises(AuthFactorTokenRequired) as refusal:
        sessions.log_in(ash, guarded.did, PASSWORD)
    assert (refusal.value.name, refusal.value.status) == ("AuthFactorTokenRequired", 401)
    assert OutgoingMail.objects.get().kind == "sign_in_code"


def test_a_wrong_password_has_nothing_mailed(guarded, ash):
    with pytest.raises(InvalidLogin):
        sessions.log_in(ash, guarded.did, "wrong")
    assert not OutgoingMail.objects.exists()


def test_password_and_code_sign_in_once(guarded, ash):
    code = code_for(guarded)
    assert sessions.log_in(ash, guarded.did, PASSWORD, LoginContext(code)).account == guarded
    with pytest.raises(WrongCode):
        sessions.log_in(ash, guarded.did, PASSWORD, LoginContext(code))


def test_a_wrong_code_is_an_ordinary_failure(guarded, ash):
    code_for(guarded)
    with pytest.raises(InvalidLogin) as refusal:
        sessions.log_in(ash, guarded.did, PASSWORD, LoginContext("AAAAA-BBBBB"))
    shown = (refusal.value.name, refusal.value.status, refusal.value.message)
    assert shown == ("AuthenticationRequired", 401, "Token is invalid")


def test_app_passwords_do_not_use_it(guarded, ash):
    _, password = app_passwords.create(guarded, "phone", is_privileged=False)
    assert sessions.log_in(ash, guarded.did, password).account == guarded


def test_who_did_not_confirm_the_address_is_not_locked_out(ash):
    hopeful = account_row(ash, has_email_auth_factor=True)
    assert sessions.log_in(ash, hopeful.did, PASSWORD).account == hopeful


def test_a_taken_down_account_learns_so_without_a_code(guarded, ash, announced):
    status.take_down(guarded)
    with pytest.raises(AccountTakedown):
        sessions.log_in(ash, guarded.did, PASSWORD)
    assert not OutgoingMail.objects.exists()


def test_whoever_is_taken_down_needs_the_code_to_move_away(guarded, ash, announced):
    status.take_down(guarded)
    with pytest.raises(AuthFactorTokenRequired):
        sessions.log_in(ash, guarded.did, PASSWORD, allow_takendown=True)
    context = LoginContext(code_for(guarded))
    assert sessions.log_in(ash, guarded.did, PASSWORD, context, allow_takendown=True)


def test_a_promise_is_kept_with_the_code(guarded, ash):
    challenge = second_step.start(guarded, MAILED)
    assert OutgoingMail.objects.get().kind == "sign_in_code"
    assert second_step.complete(ash, challenge, Shown(code_for(guarded))) == guarded


def test_a_promise_alone_is_nothing(guarded, ash):
    challenge = second_step.start(guarded, MAILED)
    with pytest.raises(WrongCode):
        second_step.complete(ash, challenge, Shown("AAAAA-BBBBB"))


def test_a_promise_says_nothing_about_the_password(guarded):
    said = signing.loads(second_step.start(guarded, MAILED), salt=second_step.SALT)
    assert guarded.password not in str(said)


def test_a_promise_is_of_one_host_and_ours(guarded, birch, ash):
    challenge = second_step.start(guarded, MAILED)
    code = code_for(guarded)
    for host, said in ((birch, challenge), (ash, challenge[:-1]), (ash, "")):
        with pytest.raises(WrongCode):
            second_step.complete(host, said, Shown(code))


def test_a_new_password_breaks_the_promise(guarded, ash):
    challenge = second_step.start(guarded, MAILED)
    reset = email_codes.issue(guarded, Purpose.RESET_PASSWORD)
    password_resets.reset(ash, reset, "another good one")
    with pytest.raises(WrongCode):
        second_step.complete(ash, challenge, Shown(code_for(guarded)))
