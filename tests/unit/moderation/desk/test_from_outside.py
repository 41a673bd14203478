"""The public page: anybody reports what is on this host, so often, and joins a case."""

import pytest
from django.test import Client

from accounts.signup import captcha
from hosting import limits
from hosting.models import Host
from moderation.desk.reports import from_outside
from moderation.desk.reports.from_outside import NotOnThisHost
from moderation.models import Case, Report
from tests.factories import account_row

pytestmark = pytest.mark.django_db
GIVEN = {"kind": "spam", "text": "Sells watches", "contact": ""}


def send(**changes) -> object:
    return Client(headers={"host": "localhost"}).post("/report", {**GIVEN, **changes})


@pytest.mark.parametrize(("text", "path"), [
    ("alice.test", ""), ("@Alice.test ", ""), ("{did}", ""), ("at://{did}", ""),
    ("at://alice.test/com.example.thing/k", "com.example.thing/k"),
    ("https://bsky.app/profile/alice.test", ""),
    ("https://app.example/profile/{did}/post/3k?x=y", "app.bsky.feed.post/3k"),
])  # fmt: skip
def test_what_is_meant_is_found_by_link_handle_did_and_address(ash, text, path):
    did = account_row(ash).did
    found = from_outside.find(ash, text.format(did=did))
    assert (found.did, found.uri) == (did, f"at://{did}/{path}" if path else "")


@pytest.mark.parametrize("text", [
    "nobody.test", "alice@example.com", "", "at://alice.test/x y/z", "https://example.com/alice",
    "https://bsky.app/profile/alice.test/post/a b", "did:web:elsewhere.example", "\0",
])  # fmt: skip
def test_what_is_not_here_is_refused_and_addresses_are_no_names(ash, text):
    account_row(ash)
    with pytest.raises(NotOnThisHost):
        from_outside.find(ash, text)


def test_an_account_of_another_host_is_not_here(ash, birch):
    with pytest.raises(NotOnThisHost):
        from_outside.find(ash, account_row(birch, "bob").handle)


def test_a_report_of_anybody_joins_a_case(ash):
    subject = account_row(ash)
    page = send(subject=subject.handle, contact="me@example.com")
    assert "Thank you" in page.content.decode()
    report = Report.objects.select_related("case").get()
    assert (report.source, report.reported_by) == ("public", "me@example.com")
    assert (report.case.subject, report.case.kind) == (subject.did, "spam")
    send(subject=subject.handle)
    assert Case.objects.get().report_count == 2


def test_a_legal_notice_is_its_own_kind(ash):
    send(subject=account_row(ash).handle, kind="legal")
    assert Case.objects.get().kind == "legal"


@pytest.mark.parametrize("changes", [{"subject": ""}, {"subject": "nobody.test"}, {"kind": "x"},
                                     {"kind": "appeal"}, {"text": ""}, {"text": "x" * 2_001},
                                     {"contact": "nope"}])  # fmt: skip
def test_what_is_wrong_is_said_at_the_field(ash, changes):
    page = send(**{"subject": account_row(ash).handle, **changes})
    assert page.status_code == 422
    assert "<title>Error:" in page.content.decode()
    assert not Report.objects.exists()


def test_a_network_reports_so_often(ash, settings, monkeypatch):
    settings.RATE_LIMITS = True
    one = limits.Bucket("public-reports", (limits.Budget(1, limits.DAY_S),))
    monkeypatch.setattr(from_outside, "OF_NETWORK", one)
    subject = account_row(ash).handle
    assert [send(subject=subject).status_code for _ in range(2)] == [200, 429]


def test_a_host_that_asks_for_a_captcha_asks_here_too(ash, monkeypatch):
    Host.objects.update(admission="captcha")
    subject = account_row(ash).handle
    assert "data-puzzle" in Client(headers={"host": "localhost"}).get("/report").content.decode()
    assert send(subject=subject).status_code == 422
    monkeypatch.setattr(captcha, "ZERO_BITS", 0)
    solved = f"{captcha.challenge(Host.objects.get(pk=ash.pk))}:1"
    assert send(subject=subject, verification_code=solved).status_code == 200


def test_the_report_is_on_the_console_without_a_link_to_an_account(ash, moderator):
    send(subject=account_row(ash).handle, contact="me@example.com")
    browser = Client(headers={"host": "localhost"})
    browser.force_login(moderator)
    for path in ("moderation/report/", f"reports/{Report.objects.get().pk}/"):
        assert "me@example.com" in browser.get(f"/console/{path}").content.decode()
