"""The console's pages, as owner, moderator, auditor, outsider and nobody."""

import re
import secrets

import pytest
from django.test import Client

from accounts.lifecycle import deletion
from accounts.models import Account
from hosting import limits
from hosting.limits import Bucket, Budget
from hosting.models import StaffUser
from moderation.enforcement import takedowns
from moderation.models import AuditEntry
from tests.factories import open_account

pytestmark = pytest.mark.django_db
PAGES = ["", "look-up/?q=x", "accounts/{did}/", "accounts/account/", "moderation/auditentry/"]
DEEDS = ["accounts/{did}/take-down/", "accounts/{did}/restore/"]


def console(user=None, host="localhost") -> Client:
    client = Client(headers={"host": host})
    if user is not None:
        client.force_login(user)
    return client


def url(page: str, account: Account) -> str:
    return "/console/" + page.format(did=account.did)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_sent_to_the_sign_in_page(account, page):
    response = console().get(url(page, account))
    assert response.status_code == 302
    assert response["location"].startswith("/console/login/")


@pytest.mark.parametrize("page", PAGES)
def test_another_tenants_staff_is_sent_to_the_sign_in_page(account, birch, staff_of, page):
    response = console(staff_of(birch, "owner")).get(url(page, account))
    assert response.status_code == 302
    assert response["location"].startswith("/console/login/")


@pytest.mark.parametrize("deed", DEEDS)
def test_another_tenants_staff_can_do_nothing(account, birch, staff_of, deed):
    for host in ("localhost", "birch.localhost"):
        console(staff_of(birch, "owner") if host == "localhost" else None, host).post(
            url(deed, account), {"reason": "envy"}
        )
    account.refresh_from_db()
    assert account.status == "active"


def test_at_birch_an_account_of_ash_does_not_exist(account, birch, staff_of):
    client = console(staff_of(birch, "owner"), "birch.localhost")
    assert client.get(url("accounts/{did}/", account)).status_code == 404
    assert client.post(url(DEEDS[0], account), {"reason": "envy"}).status_code == 404
    listed = client.get(url("accounts/account/", account))
    assert account.handle.encode() not in listed.content


def test_look_up_leads_to_the_account(account, moderator):
    response = console(moderator).get("/console/look-up/", {"q": account.handle})
    assert response["location"] == url("accounts/{did}/", account)


def test_look_up_of_nobody_says_so(account, moderator):
    response = console(moderator).get("/console/look-up/", {"q": "nobody.test"}, follow=True)
    assert "No account found for “nobody.test”" in response.content.decode()


def test_the_account_page_shows_its_state(account, moderator):
    page = console(moderator).get(url("accounts/{did}/", account)).content.decode()
    assert account.did in page
    assert "Take this account down" in page


def test_a_moderator_takes_down_and_restores(account, moderator):
    client = console(moderator)
    client.post(url(DEEDS[0], account), {"reason": "spam"})
    account.refresh_from_db()
    assert account.status == "takendown"
    client.post(url(DEEDS[1], account), {"reason": "satire"})
    account.refresh_from_db()
    assert account.status == "active"


def test_without_a_reason_nothing_happens(account, moderator):
    response = console(moderator).post(url(DEEDS[0], account), {"reason": " "})
    assert response.status_code == 400
    account.refresh_from_db()
    assert account.status == "active"


def test_an_auditor_sees_no_button_and_cannot_act(ash, account, staff_of):
    client = console(staff_of(ash, "auditor"))
    assert b"Take this account down" not in client.get(url("accounts/{did}/", account)).content
    assert client.post(url(DEEDS[0], account), {"reason": "x"}).status_code == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("deed", DEEDS)
def test_deeds_are_posts_with_a_token(account, moderator, deed):
    assert console(moderator).get(url(deed, account)).status_code == 405
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    strict.force_login(moderator)
    assert strict.post(url(deed, account), {"reason": "x"}).status_code == 403


def test_the_audit_log_lists_deeds_of_this_tenant_only(account, birch, provider, moderator):
    other = open_account(birch)
    console(provider).post(url(DEEDS[0], account), {"reason": "spam at ash"})
    console(provider).post(url(DEEDS[0], other), {"reason": "spam at birch"})
    page = console(moderator).get("/console/moderation/auditentry/").content.decode()
    assert "spam at ash" in page
    assert "spam at birch" not in page


@pytest.mark.parametrize("page", ["add/", "{pk}/change/", "{pk}/history/", "{pk}/delete/"])
@pytest.mark.parametrize("rows", ["accounts/account/", "moderation/auditentry/"])
def test_rows_have_no_pages_of_their_own(provider, account, rows, page):
    path = "/console/" + rows + page.format(pk=account.pk)
    assert console(provider).get(path).status_code == 404


def test_a_password_hash_cannot_be_guessed_by_filtering(moderator, account):
    response = console(moderator).get(url(PAGES[3], account), {"password__startswith": "argon2"})
    assert response.status_code == 400


def test_the_filters_on_show_work(moderator, account):
    client = console(moderator)
    path = url(PAGES[3], account)
    assert account.handle in client.get(path, {"status__exact": "active"}).content.decode()
    assert account.handle not in client.get(path, {"status__exact": "takendown"}).content.decode()


@pytest.mark.parametrize("page", ["search/?s=a&page=x", "r/1/1/"])
def test_pages_of_the_admin_site_that_know_no_tenants_are_not_served(provider, account, page):
    assert console(provider).get("/console/" + page).status_code == 404


def test_a_handle_with_markup_is_shown_as_text(moderator, account):
    Account.objects.filter(pk=account.pk).update(email="<script>alert(1)</script>@example.com")
    page = console(moderator).get(url("accounts/{did}/", account)).content.decode()
    assert "<script>alert(1)" not in page


def test_passwords_of_staff_cannot_be_guessed_without_end(ash, monkeypatch):
    monkeypatch.setattr(limits, "STAFF_LOGIN", once())
    StaffUser.objects.create_user("olga", password="the right one", is_staff=True)
    pages = [
        console().post("/console/login/", {"username": "olga", "password": password})
        for password in ("wrong", "the right one")
    ]
    refused_as_one_too_many(*pages)


def refused_as_one_too_many(first, second) -> None:
    """The second of two attempts gets 429, and both the browser and the person learn when."""
    assert first.status_code == 200
    assert "Too many attempts" not in first.content.decode()
    assert second.status_code == 429
    assert 0 < int(second["Retry-After"]) < 90_000
    assert "Too many attempts. Try again in" in second.content.decode()


def once() -> Bucket:
    """A bucket that no other test has touched: staff are counted for the whole platform."""
    return Bucket(secrets.token_hex(8), (Budget(1, 86_400),))


@pytest.mark.parametrize("bucket", ["STAFF_LOGIN", "STAFF_GUESSES"])
def test_tries_at_one_host_count_at_every_other(ash, birch, monkeypatch, bucket):
    monkeypatch.setattr(limits, bucket, once())
    names = ["olga", "olga"] if bucket == "STAFF_LOGIN" else ["olga", "oleg"]
    pages = [
        console(host=host.hostname).post("/console/login/", {"username": name, "password": "wrong"})
        for host, name in zip((ash, birch), names, strict=True)
    ]
    refused_as_one_too_many(*pages)


def test_ones_own_old_password_cannot_be_guessed_without_end(moderator, monkeypatch):
    monkeypatch.setattr(limits, "STAFF_LOGIN", once())
    asked = {"old_password": "a guess", "new_password1": "x" * 20, "new_password2": "x" * 20}
    browser = console(moderator)
    pages = [browser.post("/console/password_change/", asked) for _ in range(2)]
    refused_as_one_too_many(*pages)


def test_a_link_to_an_account_that_is_gone_leads_to_what_the_log_knows(account, moderator):
    takedowns.take_down(moderator, account, "spam")
    deletion.delete(account)
    browser = console(moderator)
    log = browser.get("/console/moderation/auditentry/").content.decode()
    link = re.search(r'href="(/console/look-up/[^"]*)"', log)[1].replace("&amp;", "&")
    there = browser.get(link, follow=True)
    assert there.status_code == 200
    assert "Account taken down" in there.content.decode()
