"""Reports to the host's own staff: what is kept, and which staff reads it."""

import pytest
from django.test import Client

from accounts import status
from moderation.desk.reports import reports
from moderation.desk.reports.reports import OnlyAppeals, UnfitSubject
from moderation.models import Report
from protocol.errors import InvalidRequest

pytestmark = pytest.mark.django_db
SPAM = "com.atproto.moderation.defs#reasonSpam"
SOMEBODY = {"$type": reports.REPO_REF, "did": "did:web:somebody.example.com"}
PAGE = "/console/moderation/report/"


def console(user, host: str) -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


def test_a_report_is_kept_for_the_reporters_host(account, ash):
    report = reports.file(account, SOMEBODY, SPAM, "rude", {"name": "app"})
    assert Report.objects.get() == report
    assert (report.host, report.subject_did, report.tool) == (
        ash,
        SOMEBODY["did"],
        '{"name":"app"}',
    )


def test_a_report_about_a_record_names_its_author(account):
    uri = "at://did:web:somebody.example.com/app.bsky.feed.post/k"
    report = reports.file(account, {"$type": reports.STRONG_REF, "uri": uri, "cid": "bafy"}, SPAM)
    assert (report.subject_did, report.subject_uri, report.subject_cid) == (
        SOMEBODY["did"],
        uri,
        "bafy",
    )


@pytest.mark.parametrize(
    "subject",
    [{}, {"$type": "com.example.x"}, {"$type": reports.REPO_REF, "did": "nobody"},
     {"$type": reports.STRONG_REF, "uri": "https://x", "cid": "y"},
     {"$type": reports.STRONG_REF, "uri": "at://somebody.example.com/a.b.c/k", "cid": "y"}],
)  # fmt: skip
def test_a_report_is_about_an_account_or_a_record(account, subject):
    with pytest.raises(UnfitSubject):
        reports.file(account, subject, SPAM)


@pytest.mark.parametrize("reason_type", ["", "x" * 301, "a\0b"])
def test_a_report_has_a_fit_reason(account, reason_type):
    with pytest.raises(InvalidRequest):
        reports.file(account, SOMEBODY, reason_type)


def test_a_tool_of_any_size_is_not_kept(account):
    with pytest.raises(InvalidRequest):
        reports.file(account, SOMEBODY, SPAM, tool={"name": "x" * 10_001})


@pytest.mark.parametrize("reason_type", sorted(reports.APPEALS))
def test_somebody_taken_down_may_appeal(account, reason_type):
    taken_down = status.take_down(account)
    assert reports.file(taken_down, SOMEBODY, reason_type).reported_by == account.did


def test_somebody_taken_down_may_not_report(account):
    with pytest.raises(OnlyAppeals):
        reports.file(status.take_down(account), SOMEBODY, SPAM)


def test_the_hosts_staff_reads_reports(account, moderator):
    reports.file(account, SOMEBODY, SPAM, "<b>rude</b>")
    page = console(moderator, "localhost").get(PAGE).content.decode()
    assert SOMEBODY["did"] in page
    assert "reasonSpam" in page
    assert "<b>rude" not in page


def test_another_tenants_staff_does_not(account, birch, staff_of):
    reports.file(account, SOMEBODY, SPAM, "rude")
    page = console(staff_of(birch, "owner"), "birch.localhost").get(PAGE)
    assert page.status_code == 200
    assert SOMEBODY["did"] not in page.content.decode()
