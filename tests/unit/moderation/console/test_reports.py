"""A report's page on the console: what was reported, what became of it, and who may see that."""

import re

import pytest
from django.test import Client

from hosting.models import Member
from moderation.desk.reports import reports
from moderation.desk.reports.reports import Reporter
from moderation.models import AuditEntry, Evidence
from protocol import cid
from repos.models import Record
from repos.reads import repos
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import THING, delete, put, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
RUDE = b"<script>rude()</script>"


@pytest.fixture
def author(ash):
    return open_account(ash)


@pytest.fixture
def picture(author):
    """What the reported record names."""
    repo = repos.find_repo(author.host, author.did)
    put(repo, "a", ref := upload(repo, RUDE, "text/html"))
    return cid.to_text(ref.cid)


@pytest.fixture
def report(account, author, picture):
    link = cid.to_text(bytes(Record.objects.get(repo_id=author.pk).cid))
    uri = f"at://{author.did}/{THING}/a"
    subject = {"$type": reports.STRONG_REF, "uri": uri, "cid": link}
    return reports.file(account, subject, "com.example.rude", "<b>so rude</b>")


def get(user, path: str, host: str = "localhost", *, follow: bool = False):
    client = Client(headers={"host": host})
    client.force_login(user)
    return client.get(f"/console/{path}", follow=follow)


def test_the_list_leads_to_the_report(report, moderator):
    page = get(moderator, "moderation/report/").content.decode()
    assert f'href="/console/reports/{report.pk}/"' in page


def test_a_reporter_from_elsewhere_is_looked_up_and_has_no_page(ash, author, moderator):
    about = {"$type": reports.REPO_REF, "did": author.did}
    filed = reports.receive(Reporter(ash, "did:web:far.example"), about, "com.example.rude")
    for path in ("moderation/report/", f"reports/{filed.pk}/"):
        page = get(moderator, path).content.decode()
        (link,) = re.findall(r'href="/console(/[^"]+)">did:web:far.example<', page)
        assert "No account found" in get(moderator, link[1:], follow=True).content.decode()


def test_a_report_shows_what_its_author_deleted(report, author, picture, moderator):
    delete(repos.find_repo(author.host, author.did), "a")
    page = get(moderator, f"reports/{report.pk}/").content.decode()
    assert "deleted by its author" in page
    assert picture in page
    assert "&lt;b&gt;so rude&lt;/b&gt;" in page
    assert f"?q=at://{author.did}/{THING}/a" in page


def test_a_report_without_a_copy_says_so(account, moderator):
    about = {"$type": reports.REPO_REF, "did": "did:web:elsewhere.example"}
    report = reports.file(account, about, "com.example.rude")
    assert "There is no copy" in get(moderator, f"reports/{report.pk}/").content.decode()


def test_a_file_is_downloaded_and_never_runs(report, picture, moderator):
    answer = get(moderator, f"reports/{report.pk}/files/{picture}/")
    assert answer.getvalue() == RUDE
    assert answer["Content-Disposition"] == f'attachment; filename="{picture}"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_a_download_is_in_the_audit_log(report, author, picture, moderator):
    get(moderator, f"reports/{report.pk}/files/{picture}/")
    entry = AuditEntry.objects.get()
    assert (entry.staff, entry.action, entry.reason) == (
        moderator, "evidence.download", f"report {report.pk}",
    )  # fmt: skip
    assert (entry.subject_did, entry.subject_cid) == (author.did, picture)
    assert "Evidence downloaded" in get(moderator, "moderation/auditentry/").content.decode()


def discard(user, report, **given) -> str:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client.post(
        f"/console/reports/{report.pk}/discard/", given, follow=True
    ).content.decode()


def test_an_owner_discards_evidence_with_a_reason_and_a_tick(report, ash, staff_of):
    owner = staff_of(ash, "owner")
    assert "Tick this box" in discard(owner, report, reason="illegal")
    assert "goes into the audit log" in discard(owner, report, is_sure="on")
    assert Evidence.objects.exists()
    page = discard(owner, report, reason="illegal", is_sure="on")
    assert "The copy is discarded" in page
    assert "There is no copy" in page
    assert not Evidence.objects.exists()


def test_a_moderator_is_offered_no_discarding_and_cannot(report, moderator):
    assert "Discard the copy" not in get(moderator, f"reports/{report.pk}/").content.decode()
    assert "Only an owner" in discard(moderator, report, reason="why not", is_sure="on")
    assert Evidence.objects.exists()


@pytest.mark.parametrize("link", ["nonsense", cid.to_text(cid.of_raw(b"another"))])
def test_only_files_of_the_record_are_there(report, moderator, link):
    assert get(moderator, f"reports/{report.pk}/files/{link}/").status_code == 404


@pytest.mark.parametrize(("role", "sees"), [("owner", True), ("support", False),
                                            ("auditor", False)])  # fmt: skip
def test_only_those_who_take_down_see_copies(report, picture, ash, staff_of, role, sees):
    staff = staff_of(ash, Member.Role(role))
    page = get(staff, f"reports/{report.pk}/").content.decode()
    assert (picture in page) == sees
    status = get(staff, f"reports/{report.pk}/files/{picture}/").status_code
    assert status == (200 if sees else 403)


def test_another_tenants_staff_find_no_report(report, picture, birch, staff_of):
    staff = staff_of(birch, "owner")
    for path in (f"reports/{report.pk}/", f"reports/{report.pk}/files/{picture}/"):
        assert get(staff, path, "birch.localhost").status_code == 404


def test_the_index_says_that_a_case_waits(report, moderator):
    page = get(moderator, "").content.decode()
    waits, _, _rest = page.partition('aria-labelledby="recent"')
    assert "1 case waits for a decision" in waits
