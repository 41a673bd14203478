"""Lists of the console cost the same however much there is: nothing is counted to the end."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.invites import codes
from accounts.models import Account
from moderation.console.lists import bounded as bounded_lists
from moderation.models import AuditEntry, Report
from tests.factories import account_row

pytestmark = pytest.mark.django_db
ACCOUNTS, AUDIT, REPORTS, MAIL, INVITES = LISTS = (
    "accounts/account/",
    "moderation/auditentry/",
    "moderation/report/",
    "mail/outgoingmail/",
    "accounts/invitecode/",
)
PAGES = (
    "",
    "desk/",
    "desk/?state=closed",
    "sign-ups/",
    "moves/",
    "apps/",
    *LISTS,
    *(f"{each}?q=some" for each in LISTS),
)
UNBOUNDED = re.compile(r"SELECT DISTINCT|UPPER\(|LIKE '?%|COUNT\(\*\)(?!.*LIMIT)", re.DOTALL)


@pytest.fixture
def browser(moderator):
    client = Client(headers={"host": "localhost"})
    client.force_login(moderator)
    return client


def found(browser, page: str, text: str) -> str:
    return browser.get(f"/console/{page}", {"q": text}).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_counts_or_compares_all_there_is(browser, page):
    with CaptureQueriesContext(connection) as sent:
        assert browser.get(f"/console/{page}").status_code == 200
    assert [each["sql"] for each in sent if UNBOUNDED.search(each["sql"])] == []


def test_beyond_a_bound_a_list_says_that_there_are_more(ash, browser, monkeypatch):
    monkeypatch.setattr(bounded_lists, "COUNTED_MAX", 2)
    for name in ("ann", "ben", "cid"):
        account_row(ash, name)
    page = browser.get(f"/console/{ACCOUNTS}").content.decode()
    assert "More than 2 results" in page


def test_within_the_bound_a_list_says_how_many_there_are(ash, browser):
    account_row(ash, "ann")
    assert "1 result<" in browser.get(f"/console/{ACCOUNTS}").content.decode()


def test_an_account_is_found_by_how_its_handle_or_address_begins(ash, browser):
    account = account_row(ash, "annabel")
    for text in ("annab", "@annab", account.email[:3].upper(), account.did):
        assert account.did in found(browser, ACCOUNTS, text)
    assert account.did not in found(browser, ACCOUNTS, "nabel")


def test_a_search_keeps_to_the_status_on_show(ash, browser):
    account = account_row(ash, "annabel")
    asked = {"q": "anna", "status__exact": Account.Status.SUSPENDED}
    page = browser.get(f"/console/{ACCOUNTS}", asked).content.decode()
    assert account.did not in page


def test_the_audit_log_is_searched_by_subject_and_by_words(ash, browser, moderator):
    did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
    AuditEntry.objects.create(
        host=ash, staff=moderator, action=AuditEntry.Action.BLOB_DENY, reason="Sold spam twice",
        subject_did=did, subject_handle="ann.test", subject_record="com.example.thing/k",
    )  # fmt: skip
    for text in (did, f"at://{did}/com.example.thing/k", "ann.test", "spam sold", "SPAM"):
        assert "Sold spam twice" in found(browser, AUDIT, text)
    for text in (f"at://{did}/com.example.thing/other", "spa", "spam rarely"):
        assert "Sold spam twice" not in found(browser, AUDIT, text)


def test_reports_are_searched_by_both_people_and_by_words(ash, browser):
    by, about = "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:plc:ewvi7nxzyoun6zhxrhs64oi2"
    uri = f"at://{about}/com.example.thing/k"
    Report.objects.create(
        host=ash, reported_by=by, reason_type="x#spam", subject_did=about, subject_uri=uri,
        reason="Rude words",
    )  # fmt: skip
    for text in (by, about, uri, "rude"):
        assert "Rude words" in found(browser, REPORTS, text)
    assert "Rude words" not in found(browser, REPORTS, f"{uri}2")


def test_a_code_is_found_by_its_beginning_and_by_who_used_it(ash, browser):
    code = codes.give(ash, for_accounts=[], codes_each=1, uses_each=1)["admin"][0]
    guest = account_row(ash, "guest")
    codes.spend(ash, code, guest.did)
    for text in (code[:9], guest.did):
        assert code in found(browser, INVITES, text)
    assert code not in found(browser, INVITES, code[3:])
