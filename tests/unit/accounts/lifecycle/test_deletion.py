"""The end of an account, whoever asks for it (repos' part:
tests/unit/repos/lifecycle/test_deletion.py)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import status
from accounts.authentication import (
    app_passwords,
    credentials,
    email_codes,
    sessions,
    sign_in_alerts,
    web_sessions,
)
from accounts.authentication.email_codes import InvalidToken, Purpose
from accounts.identity.handles import allocation
from accounts.lifecycle import activation, deletion
from accounts.lifecycle.deletion import InvalidOwner
from accounts.models import (
    Account,
    AppPassword,
    EmailToken,
    KnownPlace,
    PlcOperation,
    Session,
    SigningKey,
    WebSession,
)
from accounts.status import AccountNotFound
from hosting.mail.models import OutgoingMail
from tests.factories import PASSWORD, account_row


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def code(alice) -> str:
    return email_codes.issue(alice, Purpose.DELETE_ACCOUNT)


def is_there(account: Account) -> bool:
    return Account.objects.filter(pk=account.pk).exists()


def operation_of(account: Account) -> PlcOperation:
    return PlcOperation.objects.create(
        did=account.did,
        account=account,
        kind=PlcOperation.Kind.UPDATE,
        operation={},
        cid="bafy",
        next_attempt_at=timezone.now(),
    )


def test_everything_about_the_account_goes(alice):
    sessions.begin(alice)
    web_sessions.begin(alice)
    app_passwords.create(alice, "phone", is_privileged=False)
    email_codes.issue(alice, Purpose.UPDATE_EMAIL)
    sign_in_alerts.note(alice, sign_in_alerts.Client("203.0.113.7"))
    deletion.delete(alice)
    for table in (Account, Session, WebSession, AppPassword, EmailToken, KnownPlace, SigningKey):
        assert not table.objects.exists()


def test_handle_and_address_are_free_again(alice, ash):
    deletion.delete(alice)
    assert not allocation.is_taken(alice.handle)
    account_row(ash)


def test_others_are_left_alone(alice, ash, birch):
    neighbour, namesake = account_row(ash, "bob"), account_row(birch)
    sessions.begin(neighbour)
    deletion.delete(alice)
    assert is_there(neighbour)
    assert is_there(namesake)
    assert Session.objects.count() == 1
    assert SigningKey.objects.count() == 2


def test_the_did_is_not_tombstoned_and_nothing_more_is_said_of_it(alice):
    operation = operation_of(alice)
    deletion.delete(alice)
    kept = PlcOperation.objects.get()
    assert (kept.pk, kept.state) == (operation.pk, PlcOperation.State.WITHDRAWN)


def test_the_last_email_is_the_only_one_that_is_left(alice):
    email_codes.mail(alice, Purpose.DELETE_ACCOUNT)
    deletion.delete(alice)
    email = OutgoingMail.objects.get()
    assert (email.kind, email.recipient) == ("account_deleted", alice.email)


def test_deleting_twice_finds_nobody(alice):
    deletion.delete(alice)
    with pytest.raises(AccountNotFound):
        deletion.delete(alice)


def test_the_owner_needs_password_and_code(alice, ash, code):
    with pytest.raises(InvalidOwner):
        deletion.delete_own(ash, alice.did, "wrong", code)
    with pytest.raises(InvalidToken):
        deletion.delete_own(ash, alice.did, PASSWORD, "AAAAA-BBBBB")
    assert is_there(alice)
    deletion.delete_own(ash, alice.did, PASSWORD, code)
    assert not is_there(alice)


def test_only_the_main_password_will_do(alice, ash, code):
    _, password = app_passwords.create(alice, "phone", is_privileged=True)
    with pytest.raises(InvalidOwner):
        deletion.delete_own(ash, alice.did, password, code)


def test_a_handle_or_an_address_is_no_did(alice, ash, code):
    for name in (alice.handle, alice.email):
        with pytest.raises(InvalidOwner):
            deletion.delete_own(ash, name, PASSWORD, code)


def test_a_code_for_something_else_deletes_nothing(alice, ash):
    code = email_codes.issue(alice, Purpose.RESET_PASSWORD)
    with pytest.raises(InvalidToken):
        deletion.delete_own(ash, alice.did, PASSWORD, code)


def test_taken_down_and_deactivated_accounts_can_be_deleted(alice, ash, announced, code):
    activation.deactivate(alice)
    status.take_down(alice)
    deletion.delete_own(ash, alice.did, PASSWORD, code)
    assert not is_there(alice)


def test_delete_after_is_executed(alice, announced):
    activation.deactivate(alice, timezone.now() - timedelta(seconds=1))
    deletion.delete_due()
    assert not is_there(alice)


def test_not_before_its_time(alice, announced):
    activation.deactivate(alice, timezone.now() + timedelta(hours=1))
    deletion.delete_due()
    assert is_there(alice)


def test_a_deactivation_without_a_date_deletes_nothing(alice, announced):
    activation.deactivate(alice)
    deletion.delete_due()
    assert is_there(alice)


def test_whoever_came_back_between_the_look_and_the_deed_stays(alice, announced):
    activation.deactivate(alice, timezone.now() - timedelta(seconds=1))
    seen = Account.objects.get(pk=alice.pk)
    Account.objects.update(deactivated_at=None, delete_after=None)
    deletion.delete_if_still_due(seen)
    assert is_there(alice)


def test_an_owner_has_time_to_come_back_and_is_told(alice, announced, settings):
    settings.DELETION_HOLD_S = 86_400
    asleep = activation.deactivate(alice, timezone.now() - timedelta(days=1))
    assert asleep.delete_after - timezone.now() > timedelta(hours=23)
    deletion.delete_due()
    assert is_there(alice)
    assert OutgoingMail.objects.get().kind == "deletion_scheduled"
