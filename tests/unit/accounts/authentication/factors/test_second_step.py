"""What comes after the right password, for createSession and for pages."""

import pytest
from django.utils import timezone

from accounts.authentication import app_passwords, email_codes, password_resets, sessions
from accounts.authentication.email_codes import Purpose
from accounts.authentication.factors import challenges, changes, holders, passkeys, second_step
from accounts.authentication.factors.second_step import (
    AppCodeRequired,
    PasskeyRequired,
    Shown,
)
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.sessions import LoginContext
from accounts.models import Account, Passkey, RecoveryCode
from hosting.mail.models import OutgoingMail
from tests.factories import PASSWORD, account_row

STEP = challenges.Purpose.SECOND_STEP


def log_in(account: Account, code: str = "", password: str = PASSWORD) -> Account:
    return sessions.log_in(account.host, account.did, password, LoginContext(code)).account


def test_an_app_asks_for_its_code(app, alice, clock):
    with pytest.raises(AppCodeRequired) as refusal:
        log_in(alice)
    assert (refusal.value.name, refusal.value.status) == ("AuthFactorTokenRequired", 401)
    assert log_in(alice, app.at(int(clock.now))) == alice


def test_a_recovery_code_will_do(app, holder, alice):
    code = changes.replace_recovery_codes(holder)[0]
    assert log_in(alice, code) == alice
    with pytest.raises(WrongCode):
        log_in(alice, code)


def test_who_has_passkeys_alone_is_sent_elsewhere(key, alice):
    with pytest.raises(PasskeyRequired) as refusal:
        log_in(alice)
    assert (refusal.value.name, refusal.value.status) == ("PasskeyRequired", 401)
    assert "OAuth" in refusal.value.message


def test_who_has_passkeys_alone_may_use_a_recovery_code(key, holder, alice):
    assert log_in(alice, changes.replace_recovery_codes(holder)[0]) == alice


def test_app_passwords_need_no_second_step(app, alice):
    _, password = app_passwords.create(alice, "phone", is_privileged=False)
    assert log_in(alice, password=password) == alice


def test_a_mailed_code_never_replaces_a_strong_factor(app, alice):
    Account.objects.update(has_email_auth_factor=True, email_confirmed_at=timezone.now())
    OutgoingMail.objects.all().delete()
    code = email_codes.issue(alice, Purpose.AUTH_FACTOR)
    for typed, refusal in (("", AppCodeRequired), (code, WrongCode)):
        with pytest.raises(refusal):
            log_in(alice, typed)
    assert not OutgoingMail.objects.exists()


def test_a_password_reset_leaves_factors(key, app, alice, ash):
    password_resets.reset(ash, email_codes.issue(alice, Purpose.RESET_PASSWORD), "another good one")
    with pytest.raises(AppCodeRequired):
        log_in(alice, password="another good one")
    assert Passkey.objects.exists()


def test_pages_take_a_passkey_after_the_password(key, holder, ash, alice):
    begun = second_step.start(alice, second_step.ways(holder))
    answer = key.show(passkeys.options_to_show(ash, STEP, holder))
    assert second_step.complete(ash, begun, Shown(passkey=answer)) == alice


def test_whose_step_it_is_cannot_be_chosen(key, ash, birch, alice):
    begun = second_step.start(alice, second_step.Ways(has_passkey=True))
    for host, text in ((birch, begun), (ash, begun[:-1]), (ash, "")):
        with pytest.raises(WrongCode):
            second_step.started(host, text)


# --- changes


def test_the_first_strong_factor_brings_recovery_codes_and_the_last_takes_them(holder, app, key):
    assert RecoveryCode.objects.count() == 10
    changes.remove_app(holder)
    assert RecoveryCode.objects.count() == 10
    changes.remove_passkey(holder, Passkey.objects.get().pk)
    assert not RecoveryCode.objects.exists()


def test_each_change_is_told(holder, app):
    OutgoingMail.objects.all().delete()
    changes.remove_app(holder)
    email = OutgoingMail.objects.get()
    assert email.recipient == "alice@example.com"
    assert "Authenticator app removed" in email.text


def test_somebody_elses_passkey_cannot_be_touched(key, birch):
    stranger = holders.of_account(account_row(birch, "bob"))
    number = Passkey.objects.get().pk
    with pytest.raises(changes.NoSuchPasskey):
        changes.remove_passkey(stranger, number)
    with pytest.raises(changes.NoSuchPasskey):
        changes.rename_passkey(stranger, number, "mine")


def test_a_reset_leaves_the_password_alone(app, key, holder, alice):
    changes.reset(holder)
    assert log_in(alice) == alice
