"""Signing in and out at the level of requests."""

from django.test import RequestFactory

from accounts.authentication import web_sessions
from accounts.pages import cookies
from tests.factories import account_row


def request_of(host, token=None):
    request = RequestFactory().get("/account/")
    request.host = host
    if token is not None:
        request.COOKIES[cookies.COOKIE] = token
    return request


def test_without_a_cookie_nobody_is_signed_in(ash):
    assert cookies.account_of(request_of(ash)) is None


def test_the_cookie_says_who_it_is(ash, alice):
    assert cookies.account_of(request_of(ash, web_sessions.begin(alice))) == alice


def test_signing_out_without_a_cookie_is_harmless(ash):
    response = cookies.signed_out(request_of(ash))
    assert response.cookies[cookies.COOKIE].value == ""


def test_the_cookie_lasts_as_long_as_the_session_may(ash, alice):
    cookie = cookies.signed_in(request_of(ash), alice).cookies[cookies.COOKIE]
    assert cookie["max-age"] == web_sessions.EXPIRES_AFTER.total_seconds()


def test_over_https_a_cookie_that_a_sibling_site_planted_is_not_looked_at(ash, alice):
    token = web_sessions.begin(alice)
    ash.origin = "https://pds.ash"
    request = request_of(ash, token)
    assert cookies.account_of(request) is None
    request.COOKIES[f"__Host-{cookies.COOKIE}"] = token
    assert cookies.account_of(request) == alice


def test_whose_place_in_the_cookie_is_taken_is_signed_out_in_the_table(ash, alice, monkeypatch):
    monkeypatch.setattr(cookies, "ACCOUNTS_MAX", 1)
    before = web_sessions.begin(alice)
    other = account_row(ash, "other.test")
    cookies.signed_in(request_of(ash, before), other)
    assert web_sessions.account_of(ash, before) is None
