"""The page of app passwords."""

import re

import pytest

from accounts.authentication import sessions, signed_in_apps
from accounts.models import Account, AppPassword, WebSession
from tests.factories import account_row

LIST, NEW = "/account/apps/passwords", "/account/apps/passwords/new"


@pytest.fixture
def mine(signed_in) -> Account:
    return Account.objects.select_related("host").get()


def test_a_password_is_shown_once_and_signs_an_app_in(signed_in, mine):
    page = signed_in.post(NEW, {"name": "my phone", "is_privileged": "on"}).content.decode()
    password = re.search(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", page).group()
    assert sessions.log_in(mine.host, mine.did, password).account == mine
    listed = signed_in.get(LIST).content.decode()
    assert password not in listed
    assert "my phone" in listed
    assert "with direct messages" in listed
    assert "last used" in listed


@pytest.mark.parametrize(("name", "words"), [("", "required"), ("phone", "of this name")])
def test_what_is_wrong_with_the_name_stands_beside_it(signed_in, mine, name, words):
    signed_in.post(NEW, {"name": "phone"})
    response = signed_in.post(NEW, {"name": name})
    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_password_is_revoked_without_a_proof(signed_in, mine):
    signed_in.post(NEW, {"name": "phone"})
    WebSession.objects.update(proved_at=None)
    assert signed_in.post(LIST, {"name": "phone"}).url == LIST + "?saved=1"
    assert not AppPassword.objects.exists()


def test_making_one_takes_a_fresh_proof(signed_in):
    WebSession.objects.update(proved_at=None)
    assert signed_in.post(NEW, {"name": "phone"}).url.startswith("/account/prove?")
    assert not AppPassword.objects.exists()


def test_nobody_revokes_somebody_elses(signed_in, ash):
    bob = account_row(ash, "bob")
    AppPassword.objects.create(account=bob, name="phone", password_hash="x", is_privileged=False)
    signed_in.post(LIST, {"name": "phone"})
    assert AppPassword.objects.filter(account=bob).exists()


def test_where_apps_sign_in_by_oauth_alone_none_is_made(signed_in, mine):
    signed_in_apps.set_oauth_only(mine, is_on=True)
    response = signed_in.post(NEW, {"name": "phone"})
    assert response.status_code == 422
    assert "OAuth only" in response.content.decode()
