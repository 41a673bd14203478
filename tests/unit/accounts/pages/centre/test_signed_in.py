"""Several people in one browser, and which of them an address means."""

import pytest

from accounts.authentication import web_sessions
from accounts.models import WebSession
from accounts.pages.cookies import COOKIE
from tests.factories import PASSWORD, account_row

HOME = "/account/"


def sign_in(browser, name):
    return browser.post("/account/sign-in", {"identifier": name, "password": PASSWORD})


@pytest.fixture
def both(signed_in, ash):
    """A browser in which alice is signed in, and then bob."""
    account_row(ash, "bob")
    sign_in(signed_in, "bob")
    return signed_in


def shown(browser, path) -> str:
    return browser.get(path).content.decode()


def test_alone_one_needs_no_name_in_the_address(signed_in):
    assert "@alice.test</h1>" in shown(signed_in, HOME)
    assert 'href="/account/apps"' in shown(signed_in, HOME)


def test_an_address_may_name_the_account_by_handle_or_did(signed_in):
    did = WebSession.objects.get().account.did
    for name in ("alice.test", did):
        page = shown(signed_in, f"{HOME}u/{name}/")
        assert "@alice.test</h1>" in page
        assert f'href="/account/u/{name}/apps"' in page


def test_from_the_second_on_addresses_name_the_account(both):
    assert both.get(HOME).url == "/account/u/bob.test/"
    assert both.get("/account/apps?x=1").url == "/account/u/bob.test/apps?x=1"
    assert "@alice.test</h1>" in shown(both, "/account/u/alice.test/")


def test_what_is_sent_without_a_name_is_done_for_nobody(both):
    response = both.post("/account/confirm-email/send")
    assert (response.status_code, response.url) == (302, "/account/u/bob.test/confirm-email/send")


def test_the_switcher_names_the_others(both):
    assert 'href="/account/u/alice.test/"' in shown(both, "/account/u/bob.test/")


def test_somebody_who_is_not_signed_in_here_is_sent_to_sign_in(signed_in, ash):
    carol = account_row(ash, "carol")
    web_sessions.begin(carol)
    assert signed_in.get("/account/u/carol.test/").url.partition("?")[0] == "/account/sign-in"


def test_signing_in_again_takes_the_place_of_the_session(signed_in):
    sign_in(signed_in, "alice")
    assert WebSession.objects.count() == 1
    assert "." not in signed_in.cookies[COOKIE].value


def test_signing_out_one_leaves_the_other(both):
    assert both.post("/account/u/bob.test/sign-out").url == HOME
    assert "@alice.test</h1>" in shown(both, HOME)
    assert both.get("/account/u/bob.test/").url.partition("?")[0] == "/account/sign-in"


def test_signing_out_without_a_name_signs_out_all(both):
    assert both.post("/account/sign-out").url == "/account/sign-in"
    assert not WebSession.objects.exists()


def test_a_browser_keeps_ten_at_the_most(browser, ash):
    for number in range(12):
        account_row(ash, f"p{number}")
        sign_in(browser, f"p{number}")
    assert browser.cookies[COOKIE].value.count(".") == 9
    assert browser.get("/account/u/p1.test/").url.partition("?")[0] == "/account/sign-in"


def test_the_session_says_where_it_is_from(browser, ash):
    account_row(ash)
    browser.post(
        "/account/sign-in",
        {"identifier": "alice", "password": PASSWORD},
        headers={"user-agent": "A browser " * 30},
        REMOTE_ADDR="203.0.113.7",
    )
    session = WebSession.objects.get()
    assert session.place == "203.0.113.0/24"
    assert session.agent.startswith("A browser A browser")
    assert len(session.agent) == 200
