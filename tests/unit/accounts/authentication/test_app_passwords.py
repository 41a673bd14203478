"""Passwords for apps."""

import pytest

from accounts import status
from accounts.authentication import app_passwords, credentials, session_tokens, sessions
from accounts.authentication.app_passwords import NameTaken, TooManyAppPasswords, UnfitName
from accounts.authentication.credentials import InvalidLogin
from accounts.models import AppPassword, Session
from protocol.errors import XrpcError
from tests.factories import PASSWORD, account_row


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def phone(alice) -> str:
    """Alice's app password of that name."""
    return app_passwords.create(alice, "phone", is_privileged=False)[1]


def names_of(account) -> list[str]:
    return [row.name for row in app_passwords.of_account(account)]


def test_a_password_is_four_groups_and_never_stored(alice, phone):
    assert app_passwords.FORM.fullmatch(phone)
    row = AppPassword.objects.get()
    assert phone not in str(vars(row))
    assert app_passwords.matching(alice, phone) == row


def test_no_two_are_alike(alice, phone):
    assert app_passwords.create(alice, "tablet", is_privileged=False)[1] != phone
    assert names_of(alice) == ["phone", "tablet"]


def test_a_name_is_given_once_an_account(ash, alice, phone):
    with pytest.raises(NameTaken):
        app_passwords.create(alice, "phone", is_privileged=True)
    app_passwords.create(account_row(ash, "bobby"), "phone", is_privileged=False)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 101])
def test_a_name_can_be_shown(alice, name):
    with pytest.raises(UnfitName):
        app_passwords.create(alice, name, is_privileged=False)


def test_there_is_an_end_to_them(alice, phone, monkeypatch):
    monkeypatch.setattr(app_passwords, "MOST_AN_ACCOUNT", 1)
    with pytest.raises(TooManyAppPasswords):
        app_passwords.create(alice, "tablet", is_privileged=False)
    app_passwords.revoke(alice, "phone")
    app_passwords.create(alice, "tablet", is_privileged=False)


def test_a_taken_down_account_gets_none(alice, announced):
    status.take_down(alice)
    with pytest.raises(status.AccountTakedown):
        app_passwords.create(alice, "phone", is_privileged=False)


@pytest.mark.parametrize(
    ("is_privileged", "scope"),
    [(False, "com.atproto.appPass"), (True, "com.atproto.appPassPrivileged")],
)
def test_a_login_has_the_rights_of_its_password(ash, alice, is_privileged, scope):
    _, password = app_passwords.create(alice, "phone", is_privileged=is_privileged)
    pair = sessions.log_in(ash, alice.handle, password)
    again = sessions.refresh(ash, pair.refresh_jwt)
    for each in (pair, again):
        assert session_tokens.read_access(ash, each.access_jwt).scope == scope
    assert set(Session.objects.values_list("app_password_name", flat=True)) == {"phone"}


def test_the_main_password_keeps_its_rights(ash, alice, phone):
    pair = sessions.log_in(ash, alice.handle, PASSWORD)
    assert session_tokens.read_access(ash, pair.access_jwt).scope == "com.atproto.access"


def test_a_main_password_may_look_like_one_of_an_app(ash, phone):
    lookalike = "abcd-efgh-2345-6767"
    account = account_row(ash, "bobby", password=credentials.make_password(lookalike))
    pair = sessions.log_in(ash, account.handle, lookalike)
    assert session_tokens.read_access(ash, pair.access_jwt).scope == "com.atproto.access"


def test_revoking_ends_its_sessions_alone(ash, alice, phone):
    main = sessions.log_in(ash, alice.handle, PASSWORD)
    app = sessions.log_in(ash, alice.handle, phone)
    app_passwords.revoke(alice, "phone")
    with pytest.raises(XrpcError, match="revoked"):
        sessions.refresh(ash, app.refresh_jwt)
    with pytest.raises(InvalidLogin):
        sessions.log_in(ash, alice.handle, phone)
    assert sessions.refresh(ash, main.refresh_jwt).account == alice


def test_revoking_one_leaves_the_others(ash, alice, phone):
    _, tablet = app_passwords.create(alice, "tablet", is_privileged=False)
    app_passwords.revoke(alice, "phone")
    app_passwords.revoke(alice, "phone")
    assert names_of(alice) == ["tablet"]
    assert sessions.log_in(ash, alice.handle, tablet).account == alice


def test_revoking_stays_within_the_account(ash, alice, phone):
    sessions.log_in(ash, alice.handle, phone)
    app_passwords.revoke(account_row(ash, "bobby"), "phone")
    assert names_of(alice) == ["phone"]
    assert Session.objects.count() == 1


def test_one_that_is_revoked_during_the_login_begins_nothing(alice, phone):
    proof = credentials.authenticate_app(alice.host, alice.did, phone)
    app_passwords.revoke(alice, "phone")
    with pytest.raises(InvalidLogin):
        sessions.begin_with(proof)
    assert not Session.objects.exists()


def test_it_opens_no_other_account(ash, birch, alice, phone):
    for neighbour in (account_row(ash, "bobby"), account_row(birch)):
        with pytest.raises(InvalidLogin):
            sessions.log_in(neighbour.host, neighbour.did, phone)


def test_it_is_no_password_of_the_account_pages(ash, alice, phone):
    with pytest.raises(InvalidLogin):
        credentials.authenticate(ash, alice.handle, phone)


def test_a_taken_down_person_needs_the_main_password_to_leave(ash, alice, phone, announced):
    status.take_down(alice)
    with pytest.raises(status.AccountTakedown):
        sessions.log_in(ash, alice.did, phone, allow_takendown=True)


def test_a_login_with_it_costs_no_slow_hash(ash, alice, phone, monkeypatch):
    monkeypatch.setattr(credentials, "check_password", None)
    assert credentials.authenticate_app(ash, alice.did, phone).account == alice


@pytest.mark.parametrize("password", ["wrong", "aaaa-bbbb-cccc-dddd"])
@pytest.mark.parametrize("identifier", ["alice.test", "nobody.test"])
def test_every_failure_costs_one_slow_hash(ash, phone, monkeypatch, identifier, password):
    checked = []
    monkeypatch.setattr(credentials, "check_password", lambda *pair: checked.append(pair))
    with pytest.raises(InvalidLogin):
        credentials.authenticate_app(ash, identifier, password)
    assert len(checked) == 1
