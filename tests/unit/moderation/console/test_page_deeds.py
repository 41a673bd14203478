"""Every role before every page of the console: open as the table says, and else refused."""

from functools import cache

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from hosting.models import Member
from moderation.console.page_deeds import PAGES
from moderation.permissions import TABLE, Deed

pytestmark = pytest.mark.django_db
# Of Django's: for who is not signed in, or closed to all.
FRAME = {"login", "search", None}
# They look at who comes by themselves.
BEFORE_IT_OPENS = {"second_step", "own_factors", "join_staff"}
ARGUMENTS = {"did": "did:plc:nobody", "link": "bafkrei", "app_label": "moderation"}


@cache
def patterns() -> dict[str | None, URLPattern]:
    """The pages of the console by name."""
    console = next(
        each
        for each in get_resolver("hosting.urls").url_patterns
        if str(each.pattern) == "console/"
    )
    return {name: each for each in leaves(console) if (name := each.name) not in FRAME}


def leaves(resolver) -> list[URLPattern]:
    found = []
    for each in resolver.url_patterns:
        found += [each] if isinstance(each, URLPattern) else leaves(each)
    return found


def address(name: str) -> str:
    """A page's address, with arguments that lead to nothing."""
    wanted = patterns()[name].pattern.regex.groupindex
    return reverse(f"console:{name}", kwargs={each: ARGUMENTS.get(each, "1") for each in wanted})


def test_every_page_is_given_to_somebody_and_every_name_is_a_pages():
    assert set(PAGES) == set(patterns())


@pytest.mark.parametrize("role", Member.Role)
def test_a_role_opens_the_pages_of_its_deeds_and_no_other(ash, staff_of, role):
    browser = Client(headers={"host": "localhost"})
    browser.force_login(staff_of(ash, role))
    asked = PAGES.keys() - BEFORE_IT_OPENS
    refused = {name for name in asked if browser.get(address(name)).status_code == 403}
    assert refused == {name for name in asked if role not in TABLE[PAGES[name]]}


def test_a_page_that_nobody_was_given_opens_to_nobody(ash, staff_of, monkeypatch):
    monkeypatch.delitem(PAGES, "apps")
    browser = Client(headers={"host": "localhost"})
    browser.force_login(staff_of(ash, "owner"))
    assert browser.get("/console/apps/").status_code == 404


def test_the_navigation_shows_what_opens(ash, staff_of, monkeypatch):
    monkeypatch.setitem(TABLE, Deed.APPS_LOOK, frozenset({"owner"}))
    for role, is_shown in (("owner", True), ("support", False)):
        browser = Client(headers={"host": "localhost"})
        browser.force_login(staff_of(ash, role))
        assert ('href="/console/apps/"' in browser.get("/console/").text) is is_shown


def test_who_is_refused_gets_a_page_of_the_console_that_says_why(ash, account, staff_of):
    browser = Client(headers={"host": "localhost"})
    browser.force_login(staff_of(ash, "triage"))
    answer = browser.post(f"/console/accounts/{account.did}/take-down/", {"reason": "spam"})
    assert answer.status_code == 403
    assert "<h1>Your role does not allow takedowns.</h1>" in answer.text
