"""Codes of an authenticator app: a step early or late, and never twice."""

import re

import pyotp
import pytest
from django.core import signing

from accounts.authentication import security_changes
from accounts.authentication.factors import changes, holders, totp, trusted_browsers
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.models import Totp, TrustedBrowser
from hosting.mail.models import OutgoingMail
from tests.factories import account_row

SECRET = "ABCDEFGH" * 4


def code_at(app: pyotp.TOTP, clock, steps: int = 0) -> str:
    return app.at(int(clock.now) + steps * totp.STEP_S)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_one_step_off(holder, clock, steps):
    secret = pyotp.random_base32()
    totp.keep(holder, secret, 0)
    assert totp.spend(holder, code_at(pyotp.TOTP(secret), clock, steps))


@pytest.mark.parametrize("steps", [-2, 2])
def test_no_clock_is_two_steps_off(app, holder, clock, steps):
    assert not totp.spend(holder, code_at(app, clock, steps))


def test_a_step_serves_once(app, holder, clock):
    code = code_at(app, clock)
    assert totp.spend(holder, code)
    assert not totp.spend(holder, code)


def test_an_earlier_step_than_the_last_one_serves_no_more(app, holder, clock):
    assert totp.spend(holder, code_at(app, clock, 1))
    assert not totp.spend(holder, code_at(app, clock))


def test_the_code_that_set_it_up_signs_nobody_in(app, holder, clock):
    assert not totp.spend(holder, code_at(app, clock, -1))


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "12 34 5"])
def test_what_is_no_code_is_none(app, holder, typed):
    assert not totp.spend(holder, typed)


def test_people_may_type_blanks(app, holder, clock):
    code = code_at(app, clock)
    assert totp.spend(holder, f" {code[:3]} {code[3:]} ")


def test_the_secret_is_wrapped_at_rest(app):
    stored = bytes(Totp.objects.get().secret)
    assert app.secret.encode() not in stored


def test_a_set_up_needs_a_right_code(holder, clock):
    started = totp.start(holder)
    with pytest.raises(WrongCode):
        changes.add_app(holder, started, "000000")
    assert not Totp.objects.exists()


def test_a_set_up_is_of_one_person_and_ours(holder, ash, clock):
    bob = holders.of_account(account_row(ash, "bob"))
    started = totp.start(bob)
    code = code_at(pyotp.TOTP(totp.started(bob, started)), clock)
    for text in (started, started[:-1], "", signing.dumps({"secret": "A"})):
        with pytest.raises(WrongCode):
            changes.add_app(holder, text, code)


def test_a_new_app_takes_the_place_of_the_old_one(app, holder, clock):
    started = totp.start(holder)
    new = pyotp.TOTP(totp.started(holder, started))
    assert changes.add_app(holder, started, code_at(new, clock)) == []
    assert not totp.spend(holder, code_at(app, clock, 1))
    assert totp.spend(holder, code_at(new, clock, 1))


def test_apps_learn_name_and_issuer(holder):
    said = totp.uri(holder, SECRET)
    assert said.startswith(f"otpauth://totp/Ash%20%28localhost%29:alice.test?secret={SECRET}")
    assert "algorithm" not in said  # SHA-1, six digits, 30 seconds: what is said by saying nothing


def test_the_picture_needs_no_style_and_no_script(holder):
    drawn = totp.qr_code(holder, SECRET)
    assert drawn.startswith('<svg role="img" ')
    assert not re.search(r"style=|class=|<script|href=", drawn)


# --- taken back by the link in the e-mail


def undo_links() -> list[str]:
    """Of all e-mails that were sent so far, the first one first."""
    texts = OutgoingMail.objects.order_by("pk").values_list("text", flat=True)
    return re.findall(r"/account/undo/(\S+)", "\n".join(texts))


def replace(holder, clock) -> None:
    clock.now += 2 * totp.STEP_S
    started = totp.start(holder)
    changes.add_app(holder, started, code_at(pyotp.TOTP(totp.started(holder, started)), clock))


def test_the_first_app_taken_back_leaves_none(app, ash):
    security_changes.take_back(ash, undo_links()[0])
    assert not Totp.objects.exists()


def test_an_app_taken_back_gives_way_to_the_one_it_replaced(app, holder, ash, clock):
    replace(holder, clock)
    security_changes.take_back(ash, undo_links()[1])
    assert totp.spend(holder, code_at(app, clock))


def test_an_app_that_was_removed_does_not_come_back(app, holder, ash, clock):
    replace(holder, clock)
    changes.remove_app(holder)
    security_changes.take_back(ash, undo_links()[1])
    assert not Totp.objects.exists()


def test_a_browser_trusted_before_is_asked_again_after_taking_back(app, holder, ash, clock):
    replace(holder, clock)
    trusted_browsers.trust(holder.account, "")
    security_changes.take_back(ash, undo_links()[1])
    assert not TrustedBrowser.objects.exists()
