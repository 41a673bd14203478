"""The desk on the console: the queue, a case's page, what its forms do, what its frame holds."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from moderation.desk import cases, moves
from moderation.desk.actions import bulk
from moderation.desk.reports import reports
from moderation.desk.subjects.subject import Subject, of_uri
from moderation.models import AuditEntry, BulkAction, Case, CaseDeadline, CaseFilter
from protocol import cid
from repos.commits import group_commit, writes
from repos.reads import repos
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import THING, delete, put, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
PICTURE = b"\x89PNG picture"


@pytest.fixture
def author(ash) -> Account:
    return open_account(ash)


@pytest.fixture
def picture(author) -> str:
    repo = repos.find_repo(author.host, author.did)
    put(repo, "a", ref := upload(repo, PICTURE, "image/png"))
    return cid.to_text(ref.cid)


@pytest.fixture
def case(account, author, picture) -> Case:
    uri = f"at://{author.did}/{THING}/a"
    subject = {"$type": reports.STRONG_REF, "uri": uri, "cid": "bafy"}
    found = reports.file(account, subject, "x#reasonRude", "<b>so rude</b>").case
    assert found is not None
    return found


def browser(user, host: str = "localhost") -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


def get(user, path: str) -> str:
    return browser(user).get(f"/console/desk/{path}").content.decode()


def post(user, path: str, **given) -> str:
    answer = browser(user).post(f"/console/desk/{path}", given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def other_case(host, number: int = 1, kind: str = "spam") -> Case:
    return cases.open_or_join(host, Subject(f"did:plc:{number:024}"), kind)


def test_the_queue_leads_to_the_case_and_keeps_its_view(case, moderator):
    page = get(moderator, "?kind=harassment")
    assert f'href="/console/desk/cases/{case.pk}/?kind=harassment"' in page
    assert case.subject not in get(moderator, "?kind=spam")


def test_a_case_shows_its_subject_reports_and_history(case, author, moderator):
    page = get(moderator, f"cases/{case.pk}/")
    for text in (case.subject, "&lt;b&gt;so rude&lt;/b&gt;", author.handle, "Opened", "Strikes"):
        assert text in page
    assert 'sandbox="allow-same-origin"' in page


def test_an_action_closes_the_case_and_goes_on_to_the_next(ash, case, moderator):
    after = other_case(ash)
    Case.objects.filter(pk=after.pk).update(due_at=case.due_at)
    page = post(moderator, f"cases/{case.pk}/act/dismiss/", reason="fine")
    assert f"Case {case.pk}: done." in page
    assert f"<title>Case {after.pk}" in page
    assert Case.objects.get(pk=case.pk).resolution == "dismissed"


def test_what_is_refused_says_so_on_the_same_page(case, moderator):
    assert "Give a reason" in post(moderator, f"cases/{case.pk}/act/dismiss/", reason=" ")
    moves.close(moderator, case, "dismissed", "fine")
    page = post(moderator, f"cases/{case.pk}/act/dismiss/", reason="fine")
    assert "Somebody else has moved this case meanwhile." in page


def test_a_case_is_taken_put_back_set_aside_noted_and_reopened(case, moderator):
    path = f"cases/{case.pk}"
    assert "The case is yours." in post(moderator, f"{path}/take/")
    assert "back in the queue" in post(moderator, f"{path}/release/")
    assert "see the other one" in post(moderator, f"{path}/note/", text="see the other one")
    assert "The case waits." in post(moderator, f"{path}/wait/", days=2, text="asked")
    post(moderator, f"{path}/act/dismiss/", reason="fine")
    assert "The case is open again." in post(moderator, f"{path}/reopen/", reason="not fine")
    assert list(case.events.values_list("kind", flat=True)) == [
        "opened", "assigned", "released", "note", "waiting", "closed", "reopened",
    ]  # fmt: skip


def test_a_case_is_handed_over_to_those_who_may_have_it(ash, birch, case, moderator, staff_of):
    to, reader, far = staff_of(ash, "triage"), staff_of(ash, "auditor"), staff_of(birch, "owner")
    page = get(moderator, f"cases/{case.pk}/")
    assert f"<option>{to}</option>" in page
    for each in (reader, far):
        assert f"<option>{each}</option>" not in page
        answer = browser(moderator).post(f"/console/desk/cases/{case.pk}/assign/", {"to": each})
        assert answer.status_code == 404
    assert "The case is with" in post(moderator, f"cases/{case.pk}/assign/", to=to)
    assert Case.objects.get(pk=case.pk).assignee == to


def test_one_report_is_closed_from_the_page(case, account, moderator):
    report = case.reports.get()
    page = post(moderator, f"cases/{case.pk}/reports/{report.pk}/close/", resolution="duplicate",
                reason="twice")  # fmt: skip
    assert "The report is closed." in page


def test_a_line_of_the_queue_names_who_it_is_about_and_what_they_wrote(case, author, moderator):
    repo = repos.find_repo(author.host, author.did)
    value = {"$type": THING, "text": "so rude & long " * 20}
    group_commit.apply_writes(repo, [writes.put(THING, "b", value)])
    uri = f"at://{author.did}/{THING}/b"
    cases.open_by_staff(author.host, of_uri(uri), "spam")
    page = get(moderator, "")
    assert f"@{author.handle}" in page
    assert "so rude &amp; long" in page
    with CaptureQueriesContext(connection) as few:
        get(moderator, "")
    for number in range(5):
        other_case(author.host, number)
    with CaptureQueriesContext(connection) as many:
        get(moderator, "")
    assert len(many) <= len(few) + 1


def test_a_view_is_taken_out_as_csv_on_the_record(ash, birch, case, moderator, staff_of):
    other_case(birch)
    owner = staff_of(ash, "owner")
    answer = browser(owner).post("/console/desk/export/", {"query": "kind=harassment"})
    head, *rows = answer.getvalue().decode().splitlines()
    assert head.startswith("case,host,subject,kind,state")
    assert [row.split(",")[:3] for row in rows] == [[str(case.pk), "localhost", case.subject]]
    assert AuditEntry.objects.get(action="cases.export").reason == "as CSV: kind=harassment"
    assert browser(moderator).post("/console/desk/export/").status_code == 403


def test_the_next_case_is_taken_from_the_view(ash, case, moderator):
    spam = other_case(ash)
    assert f"<title>Case {spam.pk}" in post(moderator, "next/", query="kind=spam")
    assert "No case is waiting." in post(moderator, "next/", query="kind=spam")


def test_staff_open_a_case_by_handle_did_or_address(ash, author, moderator):
    for text in (author.handle, author.did, f"at://{author.did}/{THING}/a"):
        assert author.did in post(moderator, "open/", subject=text, kind="spam")
    assert Case.objects.filter(report_count=0).count() == 2
    assert "Enter a handle" in post(moderator, "open/", subject="nobody at all", kind="spam")


def test_a_view_is_kept_and_forgotten(case, moderator):
    assert "My rude ones" in post(moderator, "filters/", name="My rude ones",
                                  query="kind=harassment&x=y")  # fmt: skip
    kept = CaseFilter.objects.get()
    assert kept.query == "kind=harassment"
    assert "My rude ones" not in post(moderator, f"filters/{kept.pk}/drop/")


def test_a_view_that_is_too_long_to_keep_is_not_kept(case, moderator):
    long = post(moderator, "filters/", name="Long", query=f"about={'é' * 900}")
    assert "The view was not kept" in long
    assert not CaseFilter.objects.exists()


def test_who_looks_at_the_case_is_shown_to_others(ash, case, moderator, staff_of):
    get(moderator, f"cases/{case.pk}/")
    page = get(staff_of(ash, "owner"), f"cases/{case.pk}/viewers/")
    assert moderator.username in page


def test_the_frame_shows_the_picture_blurred_and_runs_nothing(case, picture, moderator):
    answer = browser(moderator).get(f"/console/desk/cases/{case.pk}/record/")
    assert f"/images/{picture}/" in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-same-origin;" in policy
    assert "script" not in policy


def test_a_picture_is_served_from_its_case_alone(ash, case, picture, moderator):
    image = browser(moderator).get(f"/console/desk/cases/{case.pk}/images/{picture}/")
    assert (image.getvalue(), image["Content-Type"]) == (PICTURE, "image/png")
    assert "sandbox" in image["Content-Security-Policy"]
    assert image["X-Content-Type-Options"] == "nosniff"
    other = other_case(ash)
    for path in (f"{other.pk}/images/{picture}/", f"{case.pk}/images/nonsense/"):
        assert browser(moderator).get(f"/console/desk/cases/{path}").status_code == 404


def test_a_video_shows_its_first_frame_blurred_and_is_read_in_parts(ash, author, moderator):
    repo = repos.find_repo(ash, author.did)
    put(repo, "v", ref := upload(repo, b"a moving picture", "video/mp4"))
    case = cases.open_or_join(ash, Subject(author.did, f"at://{author.did}/{THING}/v"), "spam")
    path = f"/console/desk/cases/{case.pk}/images/{cid.to_text(ref.cid)}/"
    frame = browser(moderator).get(f"/console/desk/cases/{case.pk}/record/")
    assert f'<video src="{path}" preload="metadata" muted' in frame.content.decode()
    assert "media-src 'self'" in frame["Content-Security-Policy"]
    part = browser(moderator).get(path, HTTP_RANGE="bytes=2-7")
    assert (part.status_code, part.getvalue()) == (206, b"moving")


def test_what_a_browser_could_run_is_no_picture(ash, author, moderator):
    repo = repos.find_repo(ash, author.did)
    put(repo, "b", ref := upload(repo, b"<svg onload=x()>", "image/svg+xml"))
    uri = f"at://{author.did}/{THING}/b"
    case = cases.open_or_join(ash, Subject(author.did, uri), "spam")
    path = f"/console/desk/cases/{case.pk}/images/{cid.to_text(ref.cid)}/"
    assert browser(moderator).get(path).status_code == 404


def test_pictures_of_child_safety_cases_are_never_shown(case, picture, moderator):
    Case.objects.update(kind="child_safety")
    assert "are not shown" in get(moderator, f"cases/{case.pk}/record/")
    path = f"/console/desk/cases/{case.pk}/images/{picture}/"
    assert browser(moderator).get(path).status_code == 404


@pytest.mark.parametrize(("role", "sees"), [("moderator", True), ("auditor", False)])
def test_what_was_deleted_is_shown_as_kept_to_those_who_may(ash, case, author, staff_of, role,
                                                            sees):  # fmt: skip
    delete(repos.find_repo(ash, author.did), "a")
    page = get(staff_of(ash, role), f"cases/{case.pk}/record/")
    assert ("It was deleted since." in page) is sees


def test_many_are_previewed_begun_and_followed(ash, moderator):
    for number in range(3):
        other_case(ash, number)
    some = Case.objects.order_by("pk").values_list("pk", flat=True)[:2]
    page = post(moderator, "bulk/preview/", action="dismiss", case=list(some))
    assert "2 cases" in page
    assert "3 cases" in post(moderator, "bulk/preview/", action="dismiss", has_all="on", query="")
    assert not BulkAction.objects.exists()
    numbers = ",".join(map(str, some))
    post(moderator, "bulk/start/", action="dismiss", cases=numbers, reason="a wave")
    begun = BulkAction.objects.get()
    bulk.run(begun.pk)
    page = get(moderator, f"bulk/{begun.pk}/")
    assert "<dt>Done</dt><dd>2</dd>" in page
    assert Case.objects.filter(state="closed").count() == 2


def test_a_bulk_action_is_stopped(ash, moderator):
    other_case(ash)
    begun = bulk.start(moderator, ash.tenant, Case.objects.all(), "dismiss", {"reason": "a wave"})
    assert "Stopped" in post(moderator, f"bulk/{begun.pk}/stop/")


@pytest.mark.parametrize("given", [{"action": "burn"}, {"action": "dismiss"}])
def test_a_preview_of_nothing_leads_back(ash, moderator, given):
    assert "Choose a" in post(moderator, "bulk/preview/", **given)


def test_an_owner_limits_how_often_staff_act(ash, moderator, staff_of):
    assert "hold from now on" in post(staff_of(ash, "owner"), "limits/", **{"case.close-a_day": 9})
    assert 'name="case.close-a_day" min="0" max="1000000" value="9"' in get(moderator, "limits/")
    assert "Your role does not allow this." in post(moderator, "limits/")


def test_an_owner_changes_the_deadlines(ash, moderator, staff_of):
    assert "from now on" in post(staff_of(ash, "owner"), "deadlines/", spam=5)
    assert CaseDeadline.objects.get(kind="spam").hours == 5
    assert "disabled" in get(moderator, "deadlines/")
    assert "Your role does not allow this." in post(moderator, "deadlines/", spam=6)


def test_another_tenants_cases_are_on_no_page(birch, case, staff_of):
    stranger = browser(staff_of(birch, "owner"), "birch.localhost")
    for path in ("", f"?about={case.subject_did}", "?state=closed"):
        assert case.subject not in stranger.get(f"/console/desk/{path}").content.decode()
    stranger.post("/console/desk/bulk/start/", {"action": "dismiss", "cases": str(case.pk),
                                                "reason": "x"})  # fmt: skip
    assert not BulkAction.objects.exists()
    preview = {"action": "dismiss", "case": [case.pk], "has_all": "on"}
    page = stranger.post("/console/desk/bulk/preview/", preview, follow=True).content.decode()
    assert case.subject not in page


def test_the_case_page_asks_no_more_for_a_case_with_many_reports(ash, case, moderator):
    def asked() -> int:
        with CaptureQueriesContext(connection) as sent:
            get(moderator, f"cases/{case.pk}/")
        return len(sent)

    first = asked()
    for _ in range(5):
        about = {"$type": reports.STRONG_REF, "uri": case.subject, "cid": "bafy"}
        reports.file(open_account(ash), about, "x#reasonRude", "rude")
    assert asked() <= first


def test_the_desk_has_one_script_of_its_own_and_nothing_inline(case, moderator):
    for path in ("", f"cases/{case.pk}/"):
        answer = browser(moderator).get(f"/console/desk/{path}")
        page = answer.content.decode()
        assert page.count("<script") == 1
        assert 'src="/static/desk' in page
        assert "script-src 'self';" in answer["Content-Security-Policy"]
        assert (page.count("<main"), page.count("<h1")) == (1, 1)
