"""The page on which the owner of a did:web that we serve changes its document."""

import pytest
from django.test import Client

from accounts.authentication import credentials, web_sessions
from accounts.models import Account, WebIdentity
from accounts.pages.cookies import COOKIE
from accounts.signup import sign_up
from hosting.models import Host
from hosting.tenancy import routing
from protocol.keys import SigningKey
from tests.factories import PASSWORD, account_row, wanted

PAGE = "/account/identity/document"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    routing.forget()


@pytest.fixture
def anna(ash) -> Account:
    ash.did_method = Host.DidMethod.WEB
    ash.save()
    return sign_up.sign_up(ash, wanted(handle="anna.test", email="anna@example.com"))


def browser_of(account: Account) -> Client:
    browser = Client(HTTP_HOST=account.host.hostname)
    browser.cookies[COOKIE] = web_sessions.begin(account)
    return browser


def new_home(**changes: str) -> dict[str, str]:
    return {
        "handle": "anna.example.com",
        "endpoint": "https://new.example.com",
        "signing_key": SigningKey.generate().did_key,
        "password": PASSWORD,
    } | changes


def test_the_form_shows_what_the_document_says(anna):
    page = browser_of(anna).get(PAGE)
    for said in ("anna.test", anna.host.origin, anna.signing_did_key, anna.did):
        assert said in page.content.decode()


def test_the_document_says_what_its_owner_says(anna):
    wished = new_home()
    assert browser_of(anna).post(PAGE, wished).status_code == 302
    identity = WebIdentity.objects.get()
    assert identity.also_known_as == ["at://anna.example.com"]
    assert identity.verification_methods == {"atproto": wished["signing_key"]}
    assert identity.services["atproto_pds"]["endpoint"] == "https://new.example.com"


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "a wrong one"},
        {"handle": "nonsense"},
        {"endpoint": "new.example.com"},
        {"endpoint": "https://new.example.com/path"},
        {"endpoint": "ftp://new.example.com"},
        {"signing_key": "did:key:z123"},
        {"signing_key": ""},
    ],
)
def test_nonsense_and_wrong_passwords_change_nothing(anna, changes):
    assert browser_of(anna).post(PAGE, new_home(**changes)).status_code in (401, 422)
    assert WebIdentity.objects.get().also_known_as == ["at://anna.test"]


def test_nobody_is_sent_to_sign_in(anna):
    assert Client(HTTP_HOST=anna.host.hostname).get(PAGE).status_code == 302


def test_whose_did_is_elsewhere_has_no_such_page(ash):
    assert browser_of(account_row(ash)).get(PAGE).status_code == 404
