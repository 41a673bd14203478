"""E-mail, passwords and the end of accounts, through HTTP: codes come by mail, and work once."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import status
from accounts.authentication import credentials, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.models import Account, EmailToken
from hosting.limits import RateLimitExceeded
from hosting.mail import outbox
from hosting.mail.emails import CONFIRM_EMAIL
from hosting.mail.models import OutgoingMail
from tests.api.clients import Api, Person, sign_up

NS = "com.atproto.server."
NEW = "new@example.com"


@pytest.fixture(autouse=True)
def _quick(monkeypatch, settings):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    settings.SMTP_URL = ""  # captured


def refusal(response):
    return response.status_code, response.json()["error"]


def mailed_code(email: str) -> str:
    email = OutgoingMail.objects.filter(recipient=email).latest("pk")
    return re.search(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", email.text).group()


def asked(person: Person, what: str) -> str:
    """Ask for a code, and read the mail."""
    response = person.send(NS + what)
    assert response.status_code == 200, response.content
    return mailed_code(person.email)


def app_of(person: Person) -> Api:
    """The person's app, with a password of its own."""
    made = person.call(NS + "createAppPassword", name="app").json()["password"]
    login = person.call(NS + "createSession", identifier=person.did, password=made)
    return Api(person.host, login.json()["accessJwt"])


def login(person: Person, **more):
    return Api(person.host).call(
        NS + "createSession", identifier=person.did, password=person.password, **more
    )


@pytest.fixture
def confirmed(alice) -> Person:
    code = asked(alice, "requestEmailConfirmation")
    response = alice.call(NS + "confirmEmail", email=alice.email, token=code.lower())
    assert (response.status_code, response.content) == (200, b"")
    return alice


# --- the address


def test_an_address_starts_unconfirmed_and_is_confirmed_by_a_code(alice):
    assert alice.query(NS + "getSession").json()["emailConfirmed"] is False
    code = asked(alice, "requestEmailConfirmation")
    alice.call(NS + "confirmEmail", email=alice.email, token=code)
    assert alice.query(NS + "getSession").json()["emailConfirmed"] is True
    again = alice.call(NS + "confirmEmail", email=alice.email, token=code)
    assert refusal(again) == (400, "InvalidToken")


def test_an_app_may_have_the_address_confirmed_and_not_changed(alice):
    app = app_of(alice)
    assert app.send(NS + "requestEmailConfirmation").status_code == 200
    assert refusal(app.send(NS + "requestEmailUpdate")) == (400, "InvalidToken")
    assert refusal(app.call(NS + "updateEmail", email=NEW)) == (400, "InvalidToken")


def test_confirming_another_address_is_refused(alice):
    code = asked(alice, "requestEmailConfirmation")
    response = alice.call(NS + "confirmEmail", email=NEW, token=code)
    assert refusal(response) == (400, "InvalidEmail")


def test_an_unconfirmed_address_changes_without_a_code(alice):
    assert alice.send(NS + "requestEmailUpdate").json() == {"tokenRequired": False}
    assert alice.call(NS + "updateEmail", email=NEW.upper()).status_code == 200
    session = alice.query(NS + "getSession").json()
    assert (session["email"], session["emailConfirmed"]) == (NEW, False)


def test_a_confirmed_address_changes_with_a_code(confirmed):
    assert refusal(confirmed.call(NS + "updateEmail", email=NEW)) == (400, "TokenRequired")
    wrong = confirmed.call(NS + "updateEmail", email=NEW, token="AAAAA-BBBBB")
    assert refusal(wrong) == (400, "InvalidToken")
    assert confirmed.send(NS + "requestEmailUpdate").json() == {"tokenRequired": True}
    code = mailed_code(confirmed.email)
    assert confirmed.call(NS + "updateEmail", email=NEW, token=code).status_code == 200
    assert confirmed.query(NS + "getSession").json()["emailConfirmed"] is False


def test_a_late_code_is_called_expired(confirmed):
    code = asked(confirmed, "requestEmailUpdate")
    EmailToken.objects.update(issued_at=timezone.now() - timezone.timedelta(minutes=16))
    late = confirmed.call(NS + "updateEmail", email=NEW, token=code)
    assert refusal(late) == (400, "ExpiredToken")


def test_a_neighbours_address_is_refused(alice, bob):
    response = alice.call(NS + "updateEmail", email=bob.email)
    assert refusal(response) == (400, "InvalidRequest")
    assert "already in use" in response.json()["message"]


def test_a_bad_address_is_refused(alice):
    response = alice.call(NS + "updateEmail", email="nonsense")
    assert refusal(response) == (400, "InvalidRequest")
    assert "not supported" in response.json()["message"]


def test_a_taken_down_account_asks_for_no_codes(alice):
    status.take_down(Account.objects.get(did=alice.did))
    for method in ("requestEmailUpdate", "requestAccountDelete"):
        assert refusal(alice.send(NS + method)) == (401, "AccountTakedown")


# --- the second factor


def test_the_second_factor_is_asked_for_and_shown(confirmed):
    on = confirmed.call(NS + "updateEmail", email=confirmed.email, emailAuthFactor=True)
    assert on.status_code == 200
    assert confirmed.query(NS + "getSession").json()["emailAuthFactor"] is True
    assert refusal(login(confirmed)) == (401, "AuthFactorTokenRequired")
    code = mailed_code(confirmed.email)
    wrong = login(confirmed, authFactorToken="AAAAA-BBBBB")
    assert refusal(wrong) == (401, "AuthenticationRequired")
    right = login(confirmed, authFactorToken=code)
    assert right.status_code == 200
    assert right.json()["emailAuthFactor"] is True
    assert refusal(login(confirmed, authFactorToken=code)) == (401, "AuthenticationRequired")


# --- a forgotten password


def test_a_password_is_reset_once(alice, anyone):
    assert anyone.call(NS + "requestPasswordReset", email=alice.email).status_code == 200
    code = mailed_code(alice.email)
    made_up = anyone.call(NS + "resetPassword", token="AAAAA-BBBBB", password="a new one")
    assert refusal(made_up) == (400, "InvalidToken")
    done = anyone.call(NS + "resetPassword", token=code, password="a new one")
    assert (done.status_code, done.content) == (200, b"")
    assert refusal(login(alice)) == (401, "AuthenticationRequired")
    alice.password = "a new one"
    assert login(alice).status_code == 200
    again = anyone.call(NS + "resetPassword", token=code, password="a third")
    assert refusal(again) == (400, "InvalidToken")
    refreshed = alice.refreshing().send(NS + "refreshSession")
    assert refusal(refreshed) == (400, "ExpiredToken")


def test_an_unknown_address_is_told_apart(anyone):
    response = anyone.call(NS + "requestPasswordReset", email="nobody@example.com")
    assert refusal(response) == (400, "AccountNotFound")


# --- the end of an account


def deleting(person: Person, **changes):
    asked_for = {"did": person.did, "password": person.password, "token": "AAAAA-BBBBB"}
    return Api(person.host).call(NS + "deleteAccount", **{**asked_for, **changes})


def test_deletion_needs_the_code_and_the_password(alice):
    code = asked(alice, "requestAccountDelete")
    assert refusal(deleting(alice)) == (400, "InvalidToken")
    wrong = deleting(alice, password="wrong", token=code)
    assert refusal(wrong) == (401, "AuthenticationRequired")
    assert wrong.json()["message"] == "Invalid did or password"
    assert alice.query(NS + "getSession").status_code == 200


def test_a_deleted_account_is_gone_everywhere(alice, ash, anyone):
    code = asked(alice, "requestAccountDelete")
    assert deleting(alice, token=code).status_code == 200
    assert refusal(login(alice)) == (401, "AuthenticationRequired")
    assert refusal(alice.query(NS + "getSession")) == (400, "ExpiredToken")
    assert refusal(alice.refreshing().send(NS + "refreshSession")) == (400, "AccountNotFound")
    repo = anyone.query("com.atproto.sync.getRepo", did=alice.did)
    assert refusal(repo) == (400, "RepoNotFound")
    resolved = anyone.query("com.atproto.identity.resolveHandle", handle=alice.handle)
    assert resolved.status_code == 400
    assert sign_up(ash, "alice").did != alice.did
    assert refusal(deleting(alice, token=code)) == (401, "AuthenticationRequired")


# --- a stolen session at an address that nobody confirmed


def steal(person: Person) -> None:
    assert person.send(NS + "requestEmailUpdate").json() == {"tokenRequired": False}
    assert person.call(NS + "updateEmail", email="thief@example.com").status_code == 200


def test_a_stolen_session_gets_no_code_for_the_identity(alice):
    steal(alice)
    code = email_codes.issue(Account.objects.get(did=alice.did), Purpose.CONFIRM_EMAIL)
    alice.call(NS + "confirmEmail", email="thief@example.com", token=code)
    response = alice.send("com.atproto.identity.requestPlcOperationSignature")
    assert refusal(response) == (400, "InvalidRequest")
    assert "/account/codes" in response.json()["message"]
    assert refusal(alice.send(NS + "requestAccountDelete")) == (400, "InvalidRequest")


def test_a_stolen_session_gets_no_code_for_the_password(alice, anyone):
    steal(alice)
    asking = anyone.call(NS + "requestPasswordReset", email="thief@example.com")
    assert refusal(asking) == (400, "InvalidRequest")
    assert not OutgoingMail.objects.filter(recipient="thief@example.com").exists()


def test_the_owner_hears_of_the_change(alice):
    steal(alice)
    assert OutgoingMail.objects.get(recipient=alice.email).kind == "unconfirmed_email_changed"


def test_a_new_account_gets_the_code_for_its_identity_at_once(alice):
    response = alice.send("com.atproto.identity.requestPlcOperationSignature")
    assert response.status_code == 200
    assert OutgoingMail.objects.get().kind == "plc_operation"


# --- e-mails without end


def test_changing_to_and_fro_writes_to_nobody_without_end(alice, settings):
    settings.RATE_LIMITS = True
    for number in range(30):
        alice.call(NS + "updateEmail", email=[NEW, alice.email][number % 2])
    assert OutgoingMail.objects.count() == 1


def test_putting_the_deletion_off_again_and_again_writes_one_letter(alice):
    for minute in range(10):
        alice.call(NS + "deactivateAccount", deleteAfter=f"2099-01-01T00:{minute:02}:00Z")
    assert OutgoingMail.objects.count() == 1
    alice.call(NS + "deactivateAccount", deleteAfter="2099-01-03T00:00:00Z")
    assert OutgoingMail.objects.count() == 2


def test_asking_for_resets_without_end_tells_nobody_and_spares_the_mailbox(anyone, alice, settings):
    settings.RATE_LIMITS = True
    said = {
        anyone.call(NS + "requestPasswordReset", email=alice.email).status_code for _ in "x" * 12
    }
    assert said == {200}
    assert OutgoingMail.objects.count() == 9
    first = OutgoingMail.objects.earliest("pk")
    assert mailed_code(alice.email) in first.text  # no e-mail made another worthless


def test_a_stolen_session_makes_no_second_factor_of_an_address_of_its_own(alice):
    alice.call(NS + "updateEmail", email=NEW)
    alice.send(NS + "requestEmailConfirmation")
    alice.call(NS + "confirmEmail", email=NEW, token=mailed_code(NEW))
    response = alice.call(NS + "updateEmail", email=NEW, emailAuthFactor=True)
    assert refusal(response) == (400, "InvalidRequest")
    assert "72 hours" in response.json()["message"]
    assert login(alice).status_code == 200


def test_a_stolen_session_with_its_own_address_deletes_nothing_before_the_owner_can_act(alice):
    alice.call(NS + "updateEmail", email=NEW)
    alice.call(NS + "deactivateAccount", deleteAfter="2020-01-01T00:00:00Z")
    account = Account.objects.get(did=alice.did)
    assert account.delete_after >= account.email_replaced_at + timedelta(hours=72)


def test_who_uses_up_somebodys_reset_letters_keeps_nobody_out(anyone, alice, settings):
    settings.RATE_LIMITS = True
    for _ in range(12):
        anyone.call(NS + "requestPasswordReset", email=alice.email)
    code = mailed_code(alice.email)
    EmailToken.objects.update(issued_at=timezone.now() - timedelta(hours=20))
    anyone.call(NS + "requestPasswordReset", email=alice.email)  # no further e-mail
    assert OutgoingMail.objects.filter(kind="reset_password").count() == 9
    reset = {"token": code, "password": "another password"}
    assert anyone.call(NS + "resetPassword", **reset).status_code == 200


def test_who_uses_up_an_accounts_letters_leaves_its_owner_the_reset(alice, anyone, settings):
    settings.RATE_LIMITS = True
    for number in range(25):
        with suppress(RateLimitExceeded):
            outbox.post(alice.host, f"p{number}@example.com", CONFIRM_EMAIL, {}, cause=alice.did)
    anyone.call(NS + "requestPasswordReset", email=alice.email)
    assert OutgoingMail.objects.filter(kind="reset_password", recipient=alice.email).exists()
