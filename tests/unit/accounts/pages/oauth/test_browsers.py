"""Windows and frames, whose request it is, device cookies, and browsers that lose cookies."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OAuthDevice, OAuthRequest
from accounts.pages.oauth.browsers import PROOF_COOKIE
from tests.unit.accounts.pages.oauth.pages import BACK, allow, at, query_of, sign_in, text, told

IPHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"}


def another_browser(**headers) -> Client:
    return Client(headers={"host": "localhost", **headers})


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-dest": "iframe"}, {"sec-fetch-mode": "cors"}, {"sec-fetch-dest": "image"}],
)
def test_a_frame_or_a_script_gets_no_page(browser, asked, headers):
    response = browser.get(at(asked()), headers=headers)
    assert response.status_code == 400
    assert "password" not in text(response)


@pytest.mark.parametrize("site", ["none", "same-origin", "same-site", "cross-site"])
def test_people_come_from_anywhere(browser, asked, site):
    headers = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": site}
    assert browser.get(at(asked()), headers=headers).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["", "client_id=x", "request_uri=x", "client_id=https://a.example/c&request_uri=urn:x"],
)
def test_an_address_without_a_request_is_a_page_and_no_redirect(browser, query):
    response = browser.get(f"/oauth/authorize?{query}")
    assert response.status_code == 400
    assert "Go back to the app and start again there." in text(response)
    assert not OAuthDevice.objects.exists()


def test_a_page_left_open_too_long_leads_back_to_the_app(browser, alice, asked):
    query = asked()
    sign_in(browser, query)
    OAuthRequest.objects.update(expires_at=timezone.now())
    for response in (browser.get(at(query)), allow(browser, query, alice)):
        assert response.status_code == 400
        assert "took too long" in text(response)
        assert f'href="{BACK}?iss=' in text(response)
        assert "error=access_denied" in text(response)
    assert not OAuthRequest.objects.exclude(code_sha256=None).exists()


def test_what_took_too_long_leads_no_other_browser_anywhere(browser, asked):
    query = asked()
    browser.get(at(query))
    OAuthRequest.objects.update(expires_at=timezone.now())
    response = another_browser().get(at(query))
    assert response.status_code == 400
    assert BACK not in text(response)


def test_what_took_too_long_is_told_by_a_form_to_apps_that_want_one(browser, asked):
    query = asked(response_mode="form_post")
    browser.get(at(query))
    OAuthRequest.objects.update(expires_at=timezone.now())
    assert f'action="{BACK}"' in text(browser.get(at(query)))


def test_another_hosts_request_is_unknown(browser, birch):
    assert browser.get(at(query_of(birch))).status_code == 400


def test_the_first_browser_owns_the_request(browser, asked):
    query = asked()
    assert browser.get(at(query)).status_code == 200
    assert told(another_browser().get(at(query)))["error"] == "access_denied"
    assert browser.get(at(query)).status_code == 400  # nobody has it any more


def test_a_form_of_another_browser_ends_the_request_by_a_link(browser, alice, asked):
    query = asked()
    browser.get(at(query))
    response = sign_in(another_browser(), query)
    assert response.status_code == 400
    assert f'href="{BACK}?iss=' in text(response)
    assert not OAuthRequest.objects.exists()


def test_looking_at_a_page_gives_more_time(browser, asked):
    query = asked()
    soon = timezone.now() + timedelta(seconds=200)
    OAuthRequest.objects.update(expires_at=soon)
    browser.get(at(query))
    assert OAuthRequest.objects.get().expires_at > soon + timedelta(seconds=60)


def test_a_known_browser_stays_one_device(browser, asked):
    browser.get(at(asked()))
    browser.get(at(asked()))
    assert OAuthDevice.objects.count() == 1


def test_its_proof_changes_after_some_minutes(browser, asked):
    before = browser.get(at(asked())).cookies[PROOF_COOKIE].value
    OAuthDevice.objects.update(rotated_at=timezone.now() - timedelta(minutes=6))
    after = browser.get(at(asked())).cookies[PROOF_COOKIE].value
    assert after != before
    assert PROOF_COOKIE not in browser.get(at(asked())).cookies


def test_its_proof_changes_with_its_network(browser, asked):
    browser.get(at(asked()))
    response = browser.get(at(asked()), REMOTE_ADDR="203.0.113.9")
    assert PROOF_COOKIE in response.cookies


def test_a_copied_proof_ends_the_device(browser, asked):
    browser.get(at(asked()))
    device = OAuthDevice.objects.get()
    browser.cookies[PROOF_COOKIE] = "ses-copied"
    browser.get(at(asked()))
    assert OAuthDevice.objects.get() != device


def test_an_iphone_shows_a_cookie_before_it_owns_the_request(browser, asked):
    query = asked()
    page = browser.get(at(query), headers=IPHONE)
    assert "data-send" in text(page)
    assert OAuthRequest.objects.get().device is None
    page = browser.get(at(query + "&redirect-test=1"), headers=IPHONE)
    assert 'name="password"' in text(page)
    assert OAuthRequest.objects.get().device is not None


def test_an_iphone_that_is_known_is_not_tested(browser, asked):
    browser.get(at(asked()))
    assert 'name="password"' in text(browser.get(at(asked()), headers=IPHONE))


def test_who_loses_cookies_is_told_and_then_the_app(asked):
    query = asked()
    assert "data-send" in text(another_browser(**IPHONE).get(at(query)))
    lost = text(another_browser(**IPHONE).get(at(query + "&redirect-test=1")))
    assert "Cookies are off" in lost
    assert (at(query) + "&redirect-test=2").partition("?")[2].replace("&", "&amp;") in lost
    answer = told(another_browser(**IPHONE).get(at(query + "&redirect-test=2")))
    assert answer["error"] == "invalid_request"
    assert answer["error_description"] == "ERR_COOKIES_UNSUPPORTED"
    assert not OAuthRequest.objects.exists()


def test_a_form_without_its_cookie_is_not_taken_and_can_be_had_again(asked):
    query = asked()
    strict = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    strict.get(at(query))
    response = strict.post(at(query, "/sign-in"), {"identifier": "alice", "password": "x"})
    assert response.status_code == 403
    assert at(query).replace("&", "&amp;") in text(response)


def test_an_app_may_open_the_page_in_a_window_of_its_own(browser, asked):
    assert browser.get(at(asked()))["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_pages_are_kept_in_no_cache(browser, asked):
    assert "no-store" in browser.get(at(asked()))["Cache-Control"]
