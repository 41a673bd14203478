"""The gate for apps: a captcha, then back to the app with a code that createAccount takes once."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.signup import captcha
from accounts.signup.captcha import CaptchaRefused

GATE = "/gate/signup"


@pytest.fixture
def host(ash, monkeypatch):
    monkeypatch.setattr(captcha, "ZERO_BITS", 0)
    ash.admission = "captcha"
    ash.save()
    return ash


def solve(browser, **asked):
    page = browser.get(GATE, asked).content.decode()
    puzzle = re.search(r'data-puzzle="([^"]+)"', page)[1]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return browser.post(GATE, {**dict(hidden), "verification_code": f"{puzzle}:1"})


def test_a_host_without_a_captcha_has_no_gate(browser):
    assert browser.get(GATE).status_code == 404


def test_a_solved_captcha_leads_back_with_code_and_state(browser, host):
    response = solve(browser, handle="alice.test", state="s1")
    assert response.status_code == 302
    back = urlsplit(response["location"])
    query = parse_qs(back.query)
    assert (back.scheme, back.netloc, back.path) == ("https", "bsky.app", "/")
    assert query["state"] == ["s1"]
    captcha.check(host, query["code"][0])
    with pytest.raises(CaptchaRefused):
        captcha.check(host, query["code"][0])


def test_a_code_is_worth_nothing_at_another_host(browser, host, birch):
    code = parse_qs(urlsplit(solve(browser)["location"]).query)["code"][0]
    with pytest.raises(CaptchaRefused):
        captcha.check(birch, code)


def test_without_an_answer_nobody_goes_on(browser, host):
    response = browser.post(GATE, {"state": "s1"})
    assert response.status_code == 422
    assert "The captcha was not solved" in response.content.decode()


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("https://app.example/done?x=1", "https://app.example/done"),
        ("https://evil.example/", "https://bsky.app/"),
        ("javascript:alert(1)", "https://bsky.app/"),
        ("//app.example/", "https://bsky.app/"),
        ("https://app.example@evil.example/", "https://bsky.app/"),
    ],
)
def test_people_are_sent_to_known_apps_alone(browser, host, settings, wanted, target):
    settings.GATE_ORIGINS = ["https://bsky.app", "https://app.example"]
    response = solve(browser, redirect_url=wanted)
    assert response["location"].partition("?")[0] == target


def test_known_apps_alone_may_frame_it(browser, host):
    policy = browser.get(GATE)["Content-Security-Policy"]
    assert "frame-ancestors https://bsky.app" in policy
    assert "form-action 'self' https://bsky.app" in policy


def test_a_framed_page_gets_no_cookie_and_needs_none(host):
    strict = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    assert solve(strict).status_code == 302
    assert not strict.cookies


@pytest.mark.parametrize("wanted", ["http://[", "https://[::1", "https://a]b/", "https://℀.com"])
def test_a_target_that_is_no_url_leads_to_the_first_app(browser, host, wanted):
    assert browser.get(GATE, {"redirect_url": wanted}).status_code == 200
    back = urlsplit(solve(browser, redirect_url=wanted)["location"])
    assert (back.scheme, back.netloc) == ("https", "bsky.app")
