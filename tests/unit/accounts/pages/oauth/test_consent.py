"""What an app asks for, what is granted, what is remembered; accounts that cannot answer."""

import re

import pytest
from django.utils import timezone

from accounts.lifecycle import activation
from accounts.models import Account, OAuthConsent, OAuthRequest
from accounts.oauth.clients import rules
from accounts.pages.oauth import consent as consent_page
from tests.factories import account_row
from tests.unit.accounts.pages.oauth.pages import (
    BACK,
    CLIENT_ID,
    SCOPE,
    allow,
    at,
    query_of,
    sign_in,
    text,
    told,
)
from tests.unit.accounts.pages.oauth.test_permission_wording import SET

POSTS = "repo:app.bsky.feed.post"
EMAIL = "account:email"
SHOWN = {"name": "Ash Reader", "logo_uri": "https://app.example.com/logo.png"}


@pytest.fixture
def consent(browser, alice, asked):
    """Sign Alice in for a new request; its query, and the consent page."""

    def shown(**parameters):
        query = asked(**parameters)
        return query, text(browser.get(sign_in(browser, query).url))

    return shown


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="scope" value="([^"]*)" checked', page))


def test_everything_asked_for_is_shown_and_ticked(consent):
    _query, page = consent()
    assert ticked(page) == {POSTS, EMAIL}
    for sentence in ("Know who you are", "Create, change and delete:", "posts", "See your e-mail"):
        assert sentence in page
    assert 'class="grave"' not in page


def test_the_page_speaks_the_readers_language(browser, consent):
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "de-AT,de;q=0.9"
    _query, page = consent()
    assert "Darf app.example.com Ihr Konto benutzen?" in page
    assert "Anlegen, ändern und löschen:" in page


def test_an_app_may_ask_for_a_language(browser, alice, asked):
    query = asked(language="de")
    page = browser.get(at(query), headers={"accept-language": "en"})
    assert page["Content-Language"] == "de"
    browser.post("/account/language", {"language": "en"})
    assert browser.get(at(query))["Content-Language"] == "en"


def test_what_could_take_the_account_away_stands_out(consent):
    _query, page = consent(scope="atproto identity:* account:email?action=manage")
    assert page.count('class="grave"') == 2


def test_allowing_gives_the_app_a_code(browser, alice, consent):
    query, _page = consent()
    answer = told(allow(browser, query, alice, POSTS, EMAIL))
    assert answer["code"].startswith("cod-")
    assert (answer["state"], answer["iss"]) == ("s1", alice.host.origin)
    assert OAuthRequest.objects.get().granted_scope == SCOPE


def test_what_was_unticked_is_not_granted_and_stays_unticked(browser, alice, consent):
    query, _page = consent()
    allow(browser, query, alice, POSTS)
    assert OAuthRequest.objects.get().granted_scope == f"atproto {POSTS}"
    query, page = consent()
    assert ticked(page) == {POSTS}


def test_nothing_is_granted_that_was_not_asked_for(browser, alice, consent):
    query, _page = consent()
    allow(browser, query, alice, POSTS, "transition:generic", "identity:*")
    assert OAuthRequest.objects.get().granted_scope == f"atproto {POSTS}"


def test_what_is_new_since_the_last_time_is_marked(browser, alice, consent):
    query, page = consent(scope=f"atproto {POSTS}")
    assert ">new<" not in page
    allow(browser, query, alice, POSTS)
    _query, page = consent()
    assert page.count(">new<") == 1


def test_a_second_click_leads_to_the_same_code(browser, alice, consent):
    query, _page = consent()
    first = told(allow(browser, query, alice, POSTS))
    assert told(allow(browser, query, alice, POSTS)) == first


def test_denying_tells_the_app_and_grants_nothing(browser, alice, consent):
    query, _page = consent()
    response = browser.post(at(query, "/consent"), {"decision": "deny", "account": alice.did})
    assert told(response)["error"] == "access_denied"
    assert not OAuthConsent.objects.exists()


def test_a_page_that_asked_somebody_else_grants_nothing(browser, ash, alice, asked):
    bob = account_row(ash, "bob")
    query = asked()
    sign_in(browser, query)
    response = allow(browser, query, bob, POSTS)
    assert response.url == at(query)
    assert OAuthRequest.objects.get().code_sha256 is None


def test_nobody_grants_without_having_signed_in(browser, alice, asked):
    query = asked()
    browser.get(at(query))
    assert allow(browser, query, alice, POSTS).url == at(query)
    assert OAuthRequest.objects.get().code_sha256 is None


def test_an_app_is_shown_by_its_host_name_alone(browser, alice, asked):
    query = asked(shown=SHOWN)
    page = text(browser.get(sign_in(browser, query).url))
    assert "Ash Reader" not in page
    assert "logo.png" not in page


def test_a_trusted_app_is_shown_by_name_and_logo(browser, ash, alice, asked):
    query = asked(shown=SHOWN)
    rules.trust(ash.tenant, CLIENT_ID)
    response = browser.get(sign_in(browser, query).url)
    assert "Ash Reader" in text(response)
    assert "img-src 'self' data: https://app.example.com;" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "logo",
    ["https://evil.example;script-src *", "http://app.example.com/l.png", "https://a b/", "data:x"],
)
def test_no_logo_widens_the_policy_by_more_than_itself(browser, ash, alice, asked, logo):
    query = asked(shown={**SHOWN, "logo_uri": logo})
    rules.trust(ash.tenant, CLIENT_ID)
    policy = browser.get(sign_in(browser, query).url)["Content-Security-Policy"]
    assert "img-src 'self' data:;" in policy


def test_an_app_in_development_is_called_one(browser, ash, alice):
    query = query_of(ash, "http://localhost?scope=atproto", redirect_uri="http://127.0.0.1:1/cb")
    page = text(browser.get(sign_in(browser, query).url))
    assert "This is an app in development" in page


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        (BACK, "https:"),
        ("http://127.0.0.1:8000/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:"),
    ],
)
def test_the_form_may_end_at_the_app(browser, alice, asked, redirect_uri, source):
    query = asked(redirect_uri=redirect_uri)
    response = browser.get(sign_in(browser, query).url)
    assert f"form-action 'self' {source};" in response["Content-Security-Policy"]


def test_an_app_on_a_phone_is_opened_by_its_scheme(browser, alice, consent):
    query, _page = consent(redirect_uri="com.example.app:/cb")
    response = allow(browser, query, alice)
    assert response.status_code == 303
    assert response["Location"].startswith("com.example.app:/cb?iss=")


def test_form_post_is_a_page_that_sends_itself(browser, alice, consent):
    query, _page = consent(response_mode="form_post")
    response = allow(browser, query, alice)
    page = text(response)
    assert f'<form method="post" action="{BACK}" data-send>' in page
    assert 'name="code" value="cod-' in page
    assert ">Continue</button>" in page
    assert "form-action 'self' https:;" in response["Content-Security-Policy"]


def test_a_fragment_carries_the_code_past_the_apps_server(browser, alice, consent):
    query, _page = consent(response_mode="fragment")
    assert "/back#iss=" in allow(browser, query, alice)["Location"]


def test_a_deactivated_account_can_be_activated_on_the_way(browser, ash, asked, monkeypatch):
    alice = account_row(ash, deactivated_at=timezone.now())
    monkeypatch.setattr(activation.did_verification, "check", lambda _account: None)
    query = asked()
    page = text(browser.get(sign_in(browser, query).url))
    assert "Reactivate the account" in page
    response = browser.post(at(query, "/activate"), {"account": alice.did})
    assert "to use your account?" in text(browser.get(response.url))
    assert Account.objects.get().is_active


def test_a_deactivated_account_grants_nothing(browser, ash, asked):
    alice = account_row(ash, deactivated_at=timezone.now())
    query = asked()
    sign_in(browser, query)
    assert told(allow(browser, query, alice))["error"] == "access_denied"


def test_a_suspended_account_is_told_so(browser, ash, asked):
    account_row(ash, suspended_at=timezone.now())
    page = text(browser.get(sign_in(browser, asked()).url))
    assert "is suspended by its host" in page
    assert "Reactivate the account" not in page


def test_a_permission_set_is_shown_as_its_author_describes_it(browser, alice, asked, monkeypatch):
    monkeypatch.setattr(consent_page, "permission_set", lambda _host, _nsid, **_how: SET)
    query = asked(scope=f"atproto include:{SET.nsid}")
    page = text(browser.get(sign_in(browser, query).url))
    assert "Full access" in page
    assert "com.example.one" in page


def test_a_set_that_nobody_can_tell_of_is_shown_by_its_name(browser, alice, asked):
    query = asked(scope="atproto include:com.example.nothing")
    page = text(browser.get(sign_in(browser, query).url))
    assert "com.example.nothing" in page


@pytest.fixture
def comes_again(browser, alice, asked):
    """What a confidential app gets that comes for Alice by name after these scopes were ticked."""

    def get(*scopes):
        query = asked(is_public=False)
        sign_in(browser, query, is_remembered="on")
        allow(browser, query, alice, *scopes)
        return browser.get(at(asked(is_public=False, login_hint="alice.test")))

    return get


def test_an_app_that_proves_itself_and_was_granted_all_signs_in_silently(comes_again):
    assert "code" in told(comes_again(POSTS, EMAIL))


def test_what_was_unticked_is_granted_by_no_silent_sign_in(comes_again, browser, alice):
    page = comes_again(POSTS)
    assert "Continue as @alice.test" in text(page)
    query = page.wsgi_request.META["QUERY_STRING"]
    page = text(browser.get(browser.post(at(query, "/account"), {"account": alice.did}).url))
    assert ticked(page) == {POSTS}
