"""Passwords for apps, through HTTP."""

import re
from dataclasses import replace

import pytest

from tests.api.clients import Person

NS = "com.atproto.server."
THING = "com.example.grove.thing"


def refusal(response):
    return response.status_code, response.json()["error"]


def names_of(person: Person) -> list[str]:
    return [app["name"] for app in person.query(NS + "listAppPasswords").json()["passwords"]]


@pytest.fixture
def phone(alice) -> str:
    return alice.call(NS + "createAppPassword", name="phone").json()["password"]


@pytest.fixture
def app(alice, anyone, phone) -> Person:
    """Alice, signed in by an app."""
    login = anyone.call(NS + "createSession", identifier=alice.handle, password=phone).json()
    return replace(alice, token=login["accessJwt"], refresh_token=login["refreshJwt"])


def test_a_password_is_shown_once(alice):
    made = alice.call(NS + "createAppPassword", name="phone", privileged=True).json()
    shown = alice.query(NS + "listAppPasswords").json()["passwords"]
    assert made.pop("password")
    assert shown == [made]
    assert (made["name"], made["privileged"]) == ("phone", True)


def test_its_creation_is_told_in_milliseconds(alice):
    made = alice.call(NS + "createAppPassword", name="phone").json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["createdAt"])


def test_it_is_not_privileged_unless_asked_for(alice, phone):
    listed = alice.query(NS + "listAppPasswords").json()["passwords"]
    assert listed[0]["privileged"] is False


def test_a_name_is_given_once(alice, phone):
    assert refusal(alice.call(NS + "createAppPassword", name="phone")) == (400, "InvalidRequest")


def test_an_app_may_write_records(app):
    assert app.create(THING, {"n": 1})
    assert app.query(NS + "getSession").json()["did"] == app.did


@pytest.mark.parametrize(
    ("method", "body"),
    [("createAppPassword", {"name": "more"}), ("deactivateAccount", {}), ("activateAccount", None)],
)
def test_an_app_does_nothing_to_the_account(app, method, body):
    for session in (app, replace(app, token=refreshed(app))):
        answer = session.send(NS + method) if body is None else session.call(NS + method, **body)
        assert refusal(answer) == (400, "InvalidToken")


def refreshed(person: Person) -> str:
    return person.refreshing().send(NS + "refreshSession").json()["accessJwt"]


def test_an_app_may_list_and_revoke(app, anyone, phone):
    assert names_of(app) == ["phone"]
    assert app.call(NS + "revokeAppPassword", name="phone").status_code == 200
    assert refusal(app.query(NS + "listAppPasswords")) == (400, "ExpiredToken")
    login = anyone.call(NS + "createSession", identifier=app.handle, password=phone)
    assert refusal(login) == (401, "AuthenticationRequired")
    assert refusal(app.refreshing().send(NS + "refreshSession")) == (400, "ExpiredToken")


def test_an_app_password_opens_no_neighbour(anyone, bob, phone):
    login = anyone.call(NS + "createSession", identifier=bob.handle, password=phone)
    assert refusal(login) == (401, "AuthenticationRequired")


def test_app_passwords_are_the_accounts_own(alice, bob, phone):
    assert bob.call(NS + "revokeAppPassword", name="phone").status_code == 200
    assert names_of(bob) == []
    assert names_of(alice) == ["phone"]
