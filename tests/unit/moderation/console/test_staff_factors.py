"""Second factors of staff: nothing of the console opens before one was shown."""

import html
import re
import time

import pyotp
import pytest
from django.core.management import call_command
from django.test import Client

from accounts.authentication.factors import changes, holders, passkeys, totp
from accounts.models import RecoveryCode, Totp
from hosting.mail.models import OutgoingMail
from hosting.models import Member, StaffUser
from moderation.console.staff import second_step as step
from moderation.models import AuditEntry
from tests.authenticator import Authenticator

PASSWORD = "a long one for the console"
STEP, OWN = "/console/second-step/", "/console/factors/"


@pytest.fixture
def staff(ash) -> StaffUser:
    user = StaffUser.objects.create_user("mo", "mo@example.com", PASSWORD, is_staff=True)
    Member.objects.create(tenant=ash.tenant, user=user, role="moderator")
    return user


@pytest.fixture
def app(staff, ash) -> pyotp.TOTP:
    """Their authenticator app; the present step is not used yet."""
    secret = pyotp.random_base32()
    totp.keep(holders.of_staff(ash, staff), secret, 0)
    return pyotp.TOTP(secret)


def signed_in(host: str = "localhost") -> Client:
    """A browser in which they gave the right password."""
    browser = Client(headers={"host": host})
    browser.post("/console/login/", {"username": "mo", "password": PASSWORD})
    return browser


def text(response) -> str:
    return response.content.decode()


def test_without_a_factor_the_password_opens_a_sandbox(staff):
    assert signed_in().get("/console/").status_code == 200


def test_the_password_alone_opens_nothing(staff, app):
    browser = signed_in()
    for path in ("/console/", "/console/sign-ups/", "/console/password_change/"):
        assert browser.get(path, follow=True).redirect_chain[-1][0] == STEP
    assert browser.get(OWN)["Location"] == "/console/"


def test_the_apps_code_opens_it(staff, app):
    browser = signed_in()
    browser.post(STEP, {"code": app.now()})
    assert browser.get("/console/").status_code == 200


@pytest.mark.parametrize("sent", [{"code": "000000"}, {"code": ""}, {"passkey": "{}"}])
def test_nothing_else_does(staff, app, sent):
    browser = signed_in()
    assert browser.post(STEP, sent).status_code == 422
    assert browser.get("/console/").status_code == 302


def test_five_wrong_codes_close_the_way_and_are_told(staff, app):
    browser = signed_in()
    for _ in range(5):
        browser.post(STEP, {"code": "000000"})
    assert browser.post(STEP, {"code": app.now()}).status_code == 429
    assert OutgoingMail.objects.get(kind="factor_alert").recipient == "mo@example.com"


def test_a_recovery_code_opens_it(staff, app, ash):
    code = changes.replace_recovery_codes(holders.of_staff(ash, staff))[0]
    browser = signed_in()
    browser.post(STEP, {"code": code})
    assert browser.get("/console/").status_code == 200


def test_a_passkey_opens_it_at_its_own_host_alone(staff, ash, birch):
    holder, key = holders.of_staff(ash, staff), Authenticator()
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "key")
    Member.objects.create(tenant=birch.tenant, user=staff, role="moderator")
    there = signed_in("birch.localhost")
    assert "data-options" not in text(there.get(STEP))
    here = signed_in()
    asked = html.unescape(re.search('data-options="([^"]+)"', text(here.get(STEP))).group(1))
    assert there.post(STEP, {"passkey": key.show(asked)}).status_code == 422
    here.post(STEP, {"passkey": key.show(asked)})
    assert here.get("/console/").status_code == 200


def test_a_passkey_of_staff_signs_nobody_in_to_an_account(staff, ash):
    holder, key = holders.of_staff(ash, staff), Authenticator()
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "key")
    browser = Client(headers={"host": "localhost"})
    asked = browser.get("/account/passkey-options").content
    response = browser.post("/account/sign-in/passkey", {"passkey": key.show(asked)})
    assert response.status_code == 422


def test_outside_of_a_sandbox_staff_must_have_one(staff, settings):
    settings.SANDBOX = False
    browser = signed_in()
    assert browser.get("/console/sign-ups/", follow=True).redirect_chain[-1][0] == OWN
    page = browser.get(OWN)
    started = html.unescape(re.search('name="started" value="([^"]+)"', text(page)).group(1))
    secret = re.search("<code>([A-Z2-7]{32})</code>", text(page)).group(1)
    code = pyotp.TOTP(secret).now()
    sent = {"deed": "app", "started": started, "code": code, "password": PASSWORD}
    assert "Your recovery codes" in text(browser.post(OWN, sent))
    assert browser.get("/console/").status_code == 200
    assert RecoveryCode.objects.filter(staff=staff).count() == 10


def test_a_change_takes_the_password(staff, app):
    browser = signed_in()
    browser.post(STEP, {"code": app.now()})
    assert browser.post(OWN, {"deed": "drop", "password": "wrong"}).status_code == 422
    assert Totp.objects.exists()
    browser.post(OWN, {"deed": "drop", "password": PASSWORD})
    assert not Totp.objects.exists()


def test_a_change_of_ones_own_is_in_the_log_and_a_refused_one_is_not(staff, app):
    browser = signed_in()
    browser.post(STEP, {"code": app.now()})
    browser.post(OWN, {"deed": "app", "started": "", "code": "000000", "password": PASSWORD})
    browser.post(OWN, {"deed": "drop", "password": PASSWORD})
    changes_of_mo = AuditEntry.objects.filter(action="staff.change_factors", staff=staff)
    assert [entry.reason for entry in changes_of_mo] == ["factor removed, from 127.0.0.1"]


def test_another_password_of_ones_own_is_in_the_log(staff):
    chosen = "an even longer one for it"
    sent = {"old_password": PASSWORD, "new_password1": chosen, "new_password2": chosen}
    signed_in().post("/console/password_change/", sent)
    assert AuditEntry.objects.get(action="staff.change_password").staff == staff


def test_another_session_has_to_show_one_again(staff, app):
    first = signed_in()
    first.post(STEP, {"code": app.now()})
    second = signed_in()
    assert second.get("/console/").status_code == 302
    second.post(STEP, {"code": app.at(int(time.time()) + 30)})
    assert second.get("/console/").status_code == 200


def test_who_cannot_go_on_may_leave(staff, app):
    browser = signed_in()
    assert browser.post(STEP, {"leave": "1"})["Location"] == "/console/login/"
    assert step.SHOWN not in browser.session


def test_the_operator_resets_them(staff, app):
    call_command("staff", "reset-factor", "mo")
    assert not Totp.objects.exists()
    assert signed_in().get("/console/").status_code == 200
