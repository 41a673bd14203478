"""Signing in by a tenant's provider, as a browser without scripts meets it."""

import pytest
from django.contrib.auth.hashers import is_password_usable, make_password
from django.test import Client

from accounts.authentication.factors import holders, totp
from accounts.models import Account, HeldSignUp, OpenIdIdentity, SignIn
from accounts.oauth.openid import identities
from accounts.oauth.openid.people import Person
from accounts.pages.cookies import COOKIE
from hosting.models import Host
from server.net import http_client
from tests import openid_provider
from tests.factories import account_row
from tests.openid_provider import ISSUER, Provider
from tests.unit.accounts.pages.oauth.pages import query_of
from tests.unit.accounts.pages.signed_in_browser import browser_of, forget_proof, text

pytestmark = pytest.mark.django_db(transaction=True)
WAY = "/account/sign-in/openid"
NEW = {"handle": "wilma", "domain": ".test", "email": "wilma@corp.example"}


@pytest.fixture
def there(monkeypatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(http_client, "request", provider.request)
    return provider


@pytest.fixture
def corp(ash, there):
    return openid_provider.of_tenant(ash.tenant)


@pytest.fixture
def wilma(ash, corp):
    account = account_row(ash, "wilma", password=make_password(None))
    identities.connect(account, corp, Person("u1"))
    return account


def gone(browser, corp, there, path=WAY, query=""):
    """The browser goes to the provider, and comes back to us."""
    left = browser.get(f"{path}?provider={corp.pk}{query}")
    assert left["Location"].startswith(f"{ISSUER}/authorize?"), left["Location"]
    return browser.get(f"{WAY}/back/{corp.pk}", there.sent_to(left["Location"]))


def enter(browser, corp, there, **more):
    back = gone(browser, corp, there, **more)
    return browser.get(back["Location"])


def test_the_button_is_on_the_tenants_pages_alone(browser, at_birch, corp):
    for page in ("sign-in", "sign-up"):
        assert "Sign in with Corp" in text(browser.get(f"/account/{page}"))
        assert "Sign in with Corp" not in text(at_birch.get(f"/account/{page}"))
    assert at_birch.get(f"{WAY}?provider={corp.pk}").status_code == 422


def test_a_provider_that_is_not_in_use_has_no_button(browser, corp):
    corp.is_enabled = False
    corp.save()
    assert "Sign in with Corp" not in text(browser.get("/account/sign-in"))
    assert browser.get(f"{WAY}?provider={corp.pk}").status_code == 422


def test_somebody_known_is_signed_in(browser, corp, there, wilma):
    answer = enter(browser, corp, there)
    assert answer["Location"] == "/account/"
    assert "wilma" in text(browser.get("/account/"))
    assert SignIn.objects.get(account=wilma).way == "openid"


def test_they_come_to_the_page_where_they_were_going(browser, corp, there, wilma):
    answer = enter(browser, corp, there, query="&next=/account/security")
    assert answer["Location"] == "/account/security"


def test_their_own_second_factor_is_asked_for(browser, corp, there, wilma, ash):
    totp.keep(holders.of_account(wilma), "JBSWY3DPEHPK3PXP", 0)
    answer = enter(browser, corp, there)
    assert answer.status_code == 200
    assert not browser.cookies.get(COOKIE)


def test_it_is_not_where_the_provider_saw_one(browser, corp, there, wilma):
    totp.keep(holders.of_account(wilma), "JBSWY3DPEHPK3PXP", 0)
    there.claims["amr"] = ["pwd", "mfa"]
    assert enter(browser, corp, there)["Location"] == "/account/"


def test_a_proof_lets_in_once(browser, corp, there, wilma):
    back = gone(browser, corp, there)
    kept = browser.cookies.output(header="", sep=";")
    browser.get(back["Location"])
    other = Client(headers={"host": "localhost"})
    other.cookies.load(kept)
    assert other.get(back["Location"]).status_code == 422


def test_a_proof_that_was_used_ends_no_freeze(browser, corp, there, wilma):
    back = gone(browser, corp, there)
    kept = browser.cookies.output(header="", sep=";")
    browser.get(back["Location"])
    found = OpenIdIdentity.objects.select_related("account__host", "provider").get(account=wilma)
    identities.freeze(found, identities.NOT_SEEN)
    other = Client(headers={"host": "localhost"})
    other.cookies.load(kept)
    other.get(back["Location"])
    found.refresh_from_db()
    assert found.left_at is not None


def test_who_is_new_sees_the_handle_that_they_would_get(browser, corp, there):
    page = text(enter(browser, corp, there))
    assert 'value="wilma"' in page
    assert 'value="wilma@corp.example"' in page


def test_who_is_new_has_an_account_without_a_password(browser, corp, there, opens_at_once):
    there.claims["email_verified"] = True
    here = gone(browser, corp, there)["Location"]
    answer = browser.post(here, NEW)
    assert answer["Location"] == "/account/"
    account = Account.objects.get(handle="wilma.test")
    assert not is_password_usable(account.password)
    assert account.email_confirmed_at is not None
    assert OpenIdIdentity.objects.get(account=account).subject == "u1"


def test_a_handle_that_is_had_is_asked_for_again(browser, ash, corp, there):
    account_row(ash, "wilma", email="other@example.com")
    here = gone(browser, corp, there)["Location"]
    assert 'value="wilma1"' in text(browser.get(here))
    answer = browser.post(here, NEW)
    assert answer.status_code == 422
    assert not OpenIdIdentity.objects.filter(account__isnull=False).exists()


def test_an_address_that_is_had_takes_over_nothing(browser, ash, corp, there, opens_at_once):
    account_row(ash, "bob", email="wilma@corp.example")
    here = gone(browser, corp, there)["Location"]
    assert browser.post(here, NEW).status_code == 422


def test_a_closed_host_takes_whom_its_provider_admits(browser, ash, corp, there, opens_at_once):
    Host.objects.filter(pk=ash.pk).update(admission="closed")
    here = gone(browser, corp, there)["Location"]
    assert browser.post(here, NEW).status_code == 302


def test_a_closed_host_takes_nobody_else(browser, ash, corp, there):
    Host.objects.filter(pk=ash.pk).update(admission="closed")
    corp.is_admitting = False
    corp.save()
    assert enter(browser, corp, there).status_code == 403


def test_whoever_waits_for_the_staff_signs_in_once_they_are_let_in(browser, ash, corp, there):
    Host.objects.filter(pk=ash.pk).update(admission="approval")
    corp.is_admitting = False
    corp.save()
    here = gone(browser, corp, there)["Location"]
    assert browser.post(here, NEW).status_code == 202
    held = HeldSignUp.objects.get()
    account = account_row(ash, "wilma", email=held.email, password=held.password)
    assert enter(browser, corp, there)["Location"] == "/account/"
    account.refresh_from_db()
    assert not is_password_usable(account.password)


def test_who_is_no_member_is_told_and_frozen(browser, corp, there, wilma):
    corp.member_claim, corp.member_value = "groups", "members"
    corp.save()
    answer = enter(browser, corp, there)
    assert answer.status_code == 422
    assert "not one of those" in text(answer)
    wilma.refresh_from_db()
    assert wilma.status == "deactivated"


def test_a_provider_that_is_down_is_said_in_a_sentence(browser, corp, there):
    there.failure = http_client.TimedOut("slow")
    answer = browser.get(f"{WAY}?provider={corp.pk}")
    assert answer.status_code == 503
    assert "does not answer" in text(answer)


@pytest.mark.parametrize("query", [{}, {"code": "x", "state": "y"}, {"error": "access_denied"}])
def test_an_answer_that_belongs_to_nothing_is_said_in_a_sentence(browser, corp, query):
    answer = browser.get(f"{WAY}/back/{corp.pk}", query)
    assert answer.status_code == 422
    assert "Begin again" in text(answer)


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "٣"])
def test_no_provider_of_such_a_number(browser, corp, number):
    assert browser.get(f"{WAY}?provider={number}").status_code == 422


def test_somebody_signs_in_for_an_app(browser, ash, corp, there, wilma):
    query = query_of(ash)
    browser.get(f"/oauth/authorize?{query}")
    path = f"/oauth/authorize{WAY.removeprefix('/account')}"
    answer = enter(browser, corp, there, path=path, query=f"&{query}")
    assert answer["Location"].startswith("/oauth/authorize?")
    assert "wilma" in text(browser.get(answer["Location"]))


def test_an_account_is_connected_by_who_is_signed_in(corp, there, ash):
    account = account_row(ash)
    browser = browser_of(account)
    assert "Connect with Corp" in text(browser.get("/account/security/openid"))
    path = "/account/security/openid/connect"
    answer = enter(browser, corp, there, path=path)
    assert answer["Location"] == "/account/security?saved=1"
    assert identities.of_account(account).subject == "u1"


def test_it_is_not_without_a_fresh_proof(corp, ash):
    account = account_row(ash)
    browser = browser_of(account)
    forget_proof(account)
    answer = browser.get(f"/account/security/openid/connect?provider={corp.pk}")
    assert answer["Location"].startswith("/account/prove?")


def test_no_other_site_has_an_account_connected(corp, there, ash):
    browser = browser_of(account_row(ash))
    path = f"/account/security/openid/connect?provider={corp.pk}"
    answer = browser.get(path, headers={"sec-fetch-site": "cross-site"})
    assert answer["Location"] == "/account/security/openid"
    assert browser.get(path, headers={"sec-fetch-site": "same-origin"})["Location"].startswith(
        ISSUER
    )


def test_a_proof_to_sign_in_connects_nothing(corp, there, ash):
    account = account_row(ash)
    browser = browser_of(account)
    gone(browser, corp, there)
    assert browser.get("/account/security/openid/connected").status_code == 422
    assert identities.of_account(account) is None


def test_the_last_way_in_is_not_removed(corp, wilma):
    answer = browser_of(wilma).post("/account/security/openid")
    assert answer.status_code == 422
    assert "Set a password first" in text(answer)


def test_who_has_no_password_proves_it_at_the_provider(corp, there, wilma):
    browser = browser_of(wilma)
    forget_proof(wilma)
    page = text(browser.get("/account/prove?next=/account/security/password"))
    assert 'name="password"' not in page
    assert "/account/prove/openid?next=" in page
    left = browser.get("/account/prove/openid?next=/account/security/password")
    assert "prompt=login" in left["Location"]
    back = browser.get(f"{WAY}/back/{corp.pk}", there.sent_to(left["Location"]))
    assert browser.get(back["Location"])["Location"] == "/account/security/password"
    assert browser.get("/account/security/password").status_code == 200


def test_somebody_elses_proof_is_none(corp, there, wilma):
    browser = browser_of(wilma)
    there.claims["sub"] = "u2"
    left = browser.get("/account/prove/openid")
    back = browser.get(f"{WAY}/back/{corp.pk}", there.sent_to(left["Location"]))
    assert browser.get(back["Location"]).status_code == 422
