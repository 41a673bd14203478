"""Apps that do the same at once: refreshes agree, a code begins one session, consent gives one."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import OAuthRequest, OAuthSession
from accounts.oauth import authorization
from hosting.models import Host
from hosting.tenancy import routing
from tests.concurrency.test_writers import in_threads
from tests.factories import account_row
from tests.oauth_app import App, code_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def app(ash: Host) -> App:
    routing.forget()
    return App(ash)


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """What `work` gives to each of so many threads that begin together."""
    gate = threading.Barrier(count)
    given: list[object] = [None] * count

    def run(number: int) -> None:
        gate.wait(60)
        given[number] = work(number)
        connection.close()

    assert in_threads(count, run) == []
    return given


def test_ten_refreshes_at_once_agree(app: App) -> None:
    app.signed_in(account_row(app.host).did)
    answers = at_once(10, lambda _number: app.refresh())
    assert [each.status_code for each in answers] == [200] * 10
    assert len({each.json()["refresh_token"] for each in answers}) == 1
    assert OAuthSession.objects.get().generation == 1
    assert app.refresh(answers[0].json()["refresh_token"]).status_code == 200


def test_a_code_that_is_used_twice_at_once_begins_one_session_at_most(app: App) -> None:
    account = account_row(app.host)
    code = code_in(app.consented(account))
    answers = at_once(2, lambda _number: app.exchange(code))
    good = [each for each in answers if each.status_code == 200]
    assert len(good) <= 1
    assert not OAuthSession.objects.exists()  # it was shown twice: nobody knows by whom


def test_consent_that_is_given_twice_at_once_gives_one_code(app: App) -> None:
    account = account_row(app.host)
    opened = authorization.sign_in(app.opened(), account, is_remembered=True)
    answers = at_once(2, lambda _number: authorization.decide(opened, account, {"atproto"}))
    assert answers[0] == answers[1]
    assert OAuthRequest.objects.count() == 1
    assert app.exchange(code_in(answers[0])).status_code == 200
