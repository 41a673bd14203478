"""Which apps an account is signed in to, and an end to one."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, OAuthConsent, OAuthSession
from server.encryption import digests
from tests.delegates import delegation
from tests.factories import account_row
from tests.unit.accounts.pages.oauth.pages import CLIENT_ID, SCOPE, text


def connect(account: Account, client_id: str = CLIENT_ID, scope: str = SCOPE) -> OAuthSession:
    now = timezone.now()
    return OAuthSession.objects.create(
        account=account,
        client_id=client_id,
        dpop_jkt="jkt",
        granted_scope=scope,
        scope=scope,
        refreshed_at=now,
        code_sha256=digests.sha256(f"{client_id} {account.pk}"),
        refresh_until=now,
        ends_at=now,
    )


@pytest.fixture
def mine(signed_in):
    """The account of who is signed in."""
    return Account.objects.get()


def test_somebody_without_apps_is_told_so(signed_in):
    assert "No app is signed in to this account." in text(signed_in.get("/account/apps"))


def test_an_app_is_shown_with_what_it_may_do(signed_in, mine):
    connect(mine, scope="atproto repo:app.bsky.feed.post identity:handle")
    page = text(signed_in.get("/account/apps"))
    assert "app.example.com" in page
    assert "Create, change and delete:" in page
    assert 'class="grave"' in page


def test_an_app_of_a_controller_says_whose_it_is(signed_in, mine):
    bob = delegation(mine, account_row(mine.host, "bob"))
    session = connect(mine)
    OAuthSession.objects.filter(pk=session.pk).update(delegation=bob, actor_did=bob.controller_did)
    page = text(signed_in.get("/account/apps"))
    assert "name by:" in page
    assert "@bob.test" in page


def test_its_end_is_an_end_to_its_sessions_and_to_what_it_was_granted(signed_in, mine):
    connect(mine)
    other = connect(mine, "https://other.example.com/client.json")
    OAuthConsent.objects.create(account=mine, client_id=CLIENT_ID, granted=[SCOPE])
    assert signed_in.post("/account/apps", {"client_id": CLIENT_ID}).url == "/account/apps"
    assert list(OAuthSession.objects.all()) == [other]
    assert not OAuthConsent.objects.exists()


def test_an_app_that_has_gone_already_is_no_fault(signed_in):
    assert signed_in.post("/account/apps", {"client_id": CLIENT_ID}).status_code == 302


def test_a_stranger_is_sent_to_sign_in(ash):
    response = Client(headers={"host": "localhost"}).get("/account/apps")
    assert response.url.partition("?")[0] == "/account/sign-in"
