"""Several people for one account, at the same moment: what was ended stays ended, whoever began."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from accounts.delegation import acting, people, undoing
from accounts.delegation.people import ChangedMeanwhile, Controller, Grant, TooManyControllers
from accounts.models import Delegation, OAuthSession, SecurityChange
from hosting.tenancy import routing
from protocol.errors import XrpcError
from tests.delegates import acting as signed_in
from tests.delegates import code_of, delegation
from tests.factories import account_row
from tests.oauth_app import App

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
ROUNDS = 3


@pytest.fixture(autouse=True)
def _new_hosts():
    routing.forget()


def at_once(*verbs) -> list[object]:
    """Each in a thread of its own, all begun together; what they gave, or why not."""
    start = Barrier(len(verbs))

    def run(verb):
        try:
            start.wait(60)
            return verb()
        except XrpcError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return [each.result() for each in [pool.submit(run, verb) for verb in verbs]]


@pytest.fixture
def account(ash):
    return account_row(ash, "shop")


@pytest.fixture
def bob(ash):
    return account_row(ash, "bob")


def invited(account, controller) -> Delegation:
    return people.invite(account, None, Controller(controller.did), Grant("editor"))


def test_an_invitation_that_is_withdrawn_while_it_is_accepted_opens_nothing(account, bob):
    for _ in range(ROUNDS):
        made = invited(account, bob)
        at_once(
            lambda made=made: acting.accept(account.host, bob.did, made.pk),
            lambda made=made: people.remove(account, None, made),
        )
        assert not Delegation.objects.exists()


def test_who_accepts_twice_at_once_accepts_once(account, bob):
    made = invited(account, bob)
    at_once(*[lambda: acting.accept(account.host, bob.did, made.pk)] * 3)
    assert SecurityChange.objects.filter(kind=undoing.ACCEPTED.name).count() == 1


def test_a_code_that_is_exchanged_while_its_controller_goes_leaves_no_session(account, bob):
    for _ in range(ROUNDS):
        by, app = delegation(account, bob), App(account.host)
        code = code_of(app, bob, by)
        at_once(
            lambda app=app, code=code: app.exchange(code),
            lambda by=by: people.remove(account, None, by),
        )
        assert not OAuthSession.objects.exists()


def test_tokens_that_are_refreshed_while_the_role_changes_do_not_keep_the_old_one(account, bob):
    by = delegation(account, bob)
    for role in ("viewer", "editor", "viewer")[:ROUNDS]:
        app = signed_in(App(account.host), bob, by)
        at_once(app.refresh, lambda role=role: people.change(account, None, by, Grant(role)))
        assert not OAuthSession.objects.exists()
        by.refresh_from_db()


def test_of_two_who_change_a_role_at_once_one_is_told(account, bob):
    by = delegation(account, bob)
    results = at_once(
        lambda: people.change(account, None, by, Grant("viewer")),
        lambda: people.change(account, None, by, Grant("admin")),
    )
    assert sum(isinstance(each, ChangedMeanwhile) for each in results) == 1


def test_the_last_place_is_taken_once(account, bob, ash, monkeypatch):
    monkeypatch.setattr(people, "CONTROLLERS_MAX", 1)
    carol = account_row(ash, "carol")
    results = at_once(lambda: invited(account, bob), lambda: invited(account, carol))
    assert sum(isinstance(each, TooManyControllers) for each in results) == 1
    assert Delegation.objects.count() == 1
