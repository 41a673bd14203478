"""Pages that ask once more who it is."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from accounts.authentication import credentials
from accounts.models import WebSession
from accounts.pages.centre import fresh_proof
from accounts.pages.centre.signed_in import Visit
from tests.factories import PASSWORD

PROVE = "/account/prove"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def session(signed_in):
    return WebSession.objects.select_related("account__host").get()


def ask(session, verb="get", ago=timedelta(0), **headers) -> HttpResponse:
    """The answer of a page that wants a proof, to somebody who gave one some time ago."""
    request = getattr(RequestFactory(headers=headers), verb)("/account/security/history?x=1")
    session.proved_at = None if ago is None else timezone.now() - ago
    request.visit = Visit(session, (session,))
    page = fresh_proof.with_fresh_proof(lambda request, account: HttpResponse(account.handle))
    return page(request, session.account)


def test_who_signed_in_just_now_has_proven_it(session):
    assert ask(session).content == b"alice.test"


@pytest.mark.parametrize("ago", [timedelta(minutes=11), None])
def test_later_it_is_asked_again(session, ago):
    assert ask(session, ago=ago).url == PROVE + "?next=%2Faccount%2Fsecurity%2Fhistory%3Fx%3D1"


def test_a_form_may_be_filled_in_for_some_minutes_more(session):
    assert ask(session, "post", timedelta(minutes=12)).status_code == 200
    late = ask(session, "post", timedelta(minutes=16), referer="http://localhost/account/apps")
    assert late.url == PROVE + "?next=%2Faccount%2Fapps"


def test_the_password_proves_it_and_leads_on(session, signed_in):
    WebSession.objects.update(proved_at=None)
    response = signed_in.post(PROVE + "?next=/account/apps", {"password": PASSWORD})
    assert response.url == "/account/apps"
    assert WebSession.objects.get().proved_at is not None


def test_a_wrong_password_proves_nothing(session, signed_in):
    WebSession.objects.update(proved_at=None)
    response = signed_in.post(PROVE, {"password": "wrong one"})
    assert response.status_code == 422
    assert "The password is wrong." in response.content.decode()
    assert WebSession.objects.get().proved_at is None


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/console/", ""])
def test_it_leads_nowhere_else(signed_in, wanted):
    response = signed_in.post(PROVE, {"password": PASSWORD}, query_params={"next": wanted})
    assert response.url == "/account/"
