"""What staff do with cases: each move leaves an event, decisions leave an entry."""

from datetime import timedelta

import pytest
from django.utils import timezone

from moderation.desk import cases, moves
from moderation.desk.moves import CaseMoved, NoteNeeded, NotForWhoDecided
from moderation.desk.subjects.subject import Subject
from moderation.models import AuditEntry, Case, CaseEvent, Report
from moderation.permissions import NotAllowed, ReasonNeeded

pytestmark = pytest.mark.django_db
SOMEBODY = "did:plc:" + "s" * 24


@pytest.fixture
def case(ash) -> Case:
    return cases.open_or_join(ash, Subject(SOMEBODY), "spam")


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


def report(case: Case) -> Report:
    return Report.objects.create(
        host=case.host, case=case, reported_by="x", reason_type="y", subject_did=SOMEBODY
    )


def events(case: Case) -> list[str]:
    return list(case.events.values_list("kind", flat=True))[1:]


def test_a_case_goes_from_hand_to_hand(case, moderator, owner):
    assert moves.take(moderator, case).assignee == moderator
    assert moves.assign(moderator, case, owner).assignee == owner
    assert moves.release(owner, case).assignee is None
    assert moves.escalate(moderator, case, "too big for me").state == "escalated"
    assert moves.take(owner, case).state == "assigned"
    assert events(case) == ["assigned", "assigned", "released", "escalated", "assigned"]


def test_a_case_waits_and_its_deadline_with_it(case, moderator):
    until = timezone.now() + timedelta(days=30)
    waiting = moves.wait(moderator, case, until, "asked the author")
    assert (waiting.state, waiting.due_at) == ("waiting", until)
    assert moves.take(moderator, case).waiting_until is None


def test_what_is_urgent_does_not_wait_for_years(ash, moderator):
    urgent = cases.open_or_join(ash, Subject(SOMEBODY), "child_safety")
    with pytest.raises(moves.WaitTooLong):
        moves.wait(moderator, urgent, timezone.now() + timedelta(days=2))
    assert moves.wait(moderator, urgent, timezone.now() + timedelta(days=1)).state == "waiting"


def test_closing_a_case_closes_its_reports_on_the_record(case, moderator):
    report(case), report(case)
    closed = moves.close(moderator, case, "actioned", "spam indeed")
    assert (closed.state, closed.resolution) == ("closed", "actioned")
    assert set(Report.objects.values_list("resolution", flat=True)) == {"actioned"}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.staff, entry.subject_did) == ("case.close", moderator, SOMEBODY)
    assert "spam indeed" in entry.reason


def test_one_report_is_closed_alone_and_the_last_one_with_its_case(case, moderator):
    first, second = report(case), report(case)
    assert moves.close_report(moderator, first, "dismissed", "not this").state == "open"
    assert moves.close_report(moderator, second, "duplicate", "nor this").resolution == "duplicate"
    assert list(Report.objects.order_by("pk").values_list("resolution", flat=True)) == [
        "dismissed", "duplicate",
    ]  # fmt: skip


def test_a_case_is_closed_once_and_reopened_by_whoever_thinks_so(case, moderator, owner):
    moves.close(moderator, case, "dismissed", "fine")
    for verb in (moves.take, moves.release):
        with pytest.raises(CaseMoved):
            verb(owner, case)
    with pytest.raises(CaseMoved):
        moves.close(owner, case, "actioned", "not fine")
    again = moves.reopen(owner, case, "not fine")
    assert (again.state, again.resolution, again.assignee) == ("open", "", None)
    assert AuditEntry.objects.filter(action="case.reopen").count() == 1


def test_a_case_is_not_reopened_beside_a_newer_one(case, moderator, ash):
    moves.close(moderator, case, "dismissed", "fine")
    cases.open_or_join(ash, Subject(SOMEBODY), "spam")
    with pytest.raises(CaseMoved):
        moves.reopen(moderator, case, "after all")
    assert Case.objects.get(pk=case.pk).is_closed


def test_notes_are_kept_on_closed_cases_too(case, moderator):
    moves.close(moderator, case, "dismissed", "fine")
    moves.note(moderator, case, " see also the other one ")
    note = CaseEvent.objects.get(kind="note")
    assert (note.text, note.staff) == ("see also the other one", moderator)
    with pytest.raises(NoteNeeded):
        moves.note(moderator, case, "  ")


def test_a_decision_needs_a_reason(case, moderator):
    with pytest.raises(ReasonNeeded):
        moves.close(moderator, case, "dismissed", " ")


def test_the_next_case_is_the_most_urgent_that_nobody_has(ash, case, moderator, owner):
    urgent = cases.open_or_join(ash, Subject("did:plc:" + "u" * 24), "child_safety")
    waiting = Case.objects.filter(host=ash)
    assert moves.take_next(moderator, waiting) == urgent
    assert moves.take_next(owner, waiting) == case
    assert moves.take_next(owner, waiting) is None


def test_an_appeal_passes_by_who_decided(ash, moderator, owner):
    appeal = cases.open_or_join(ash, Subject(SOMEBODY), "appeal")
    Case.objects.update(barred=moderator)
    waiting = Case.objects.filter(host=ash)
    assert moves.take_next(moderator, waiting) is None
    for act in (lambda: moves.take(moderator, appeal),
                lambda: moves.close(moderator, appeal, "dismissed", "I was right")):  # fmt: skip
        with pytest.raises(NotForWhoDecided):
            act()
    assert moves.take_next(owner, waiting) == appeal


@pytest.mark.parametrize("role", ["support", "auditor"])
def test_roles_that_only_read_move_nothing(ash, case, staff_of, role):
    staff = staff_of(ash, role)
    until = timezone.now()
    for act in (
        lambda: moves.take(staff, case), lambda: moves.release(staff, case),
        lambda: moves.escalate(staff, case, "x"), lambda: moves.wait(staff, case, until),
        lambda: moves.close(staff, case, "dismissed", "x"),
        lambda: moves.reopen(staff, case, "x"),
        lambda: moves.close_report(staff, report(case), "dismissed", "x"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()


def test_another_tenants_staff_moves_nothing_and_gets_nothing(case, birch, staff_of, moderator):
    stranger = staff_of(birch, "owner")
    with pytest.raises(NotAllowed):
        moves.take(stranger, case)
    with pytest.raises(NotAllowed):
        moves.assign(moderator, case, stranger)
