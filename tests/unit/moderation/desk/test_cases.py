"""Cases: reports of one subject come together, and the graver ones bring their deadline."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from hosting.tenancy import provisioning
from moderation.desk import cases, deadlines, kinds, moves
from moderation.desk.reports import reports
from moderation.desk.subjects.subject import Subject
from moderation.enforcement import takedowns
from moderation.models import AuditEntry, Case, CaseEvent
from moderation.permissions import NotAllowed
from tests.factories import account_row

pytestmark = pytest.mark.django_db
SOMEBODY = "did:plc:" + "s" * 24
RECORD = Subject(SOMEBODY, f"at://{SOMEBODY}/com.example.thing/k", "bafy")
DEFS = "com.atproto.moderation.defs#"
OZONE = "tools.ozone.report.defs#"


def report(account: Account, reason: str = f"{DEFS}reasonSpam", did: str = SOMEBODY) -> Case:
    about = {"$type": reports.REPO_REF, "did": did}
    case = reports.file(account, about, reason).case
    assert case is not None
    return case


def test_reports_of_one_subject_join_one_case(account):
    first, second = report(account), report(account)
    assert first == second
    assert Case.objects.get().report_count == 2
    assert CaseEvent.objects.get().kind == "opened"


def test_an_account_and_a_record_of_it_have_cases_of_their_own(ash):
    about_account = cases.open_or_join(ash, Subject(SOMEBODY), "spam")
    about_record = cases.open_or_join(ash, RECORD, "spam")
    assert about_account != about_record
    assert (about_record.collection, about_record.path) == (
        "com.example.thing", "com.example.thing/k",
    )  # fmt: skip
    assert set(Case.objects.about(SOMEBODY)) == {about_account, about_record}


def test_a_long_address_has_its_case_as_well(ash):
    uri = f"at://{SOMEBODY}/com.example.thing/" + "k" * 512
    subject = Subject(SOMEBODY, uri)
    assert cases.open_or_join(ash, subject, "spam") == cases.open_or_join(ash, subject, "spam")


def test_a_graver_kind_takes_over_with_its_deadline(account):
    report(account)
    case = report(account, f"{OZONE}reasonChildSafetyCSAM")
    assert (case.kind, case.priority) == ("child_safety", Case.Priority.URGENT)
    assert case.due_at <= timezone.now() + timedelta(hours=1)
    again = report(account)
    assert (again.kind, again.due_at) == (case.kind, case.due_at)


def test_an_appeal_is_a_case_of_its_own(account):
    about = report(account)
    appeal = report(account, f"{DEFS}reasonAppeal")
    assert appeal != about
    assert report(account, f"{DEFS}reasonAppeal") == appeal
    assert report(account) == about


def test_a_report_after_the_case_was_closed_opens_another(account, moderator):
    first = report(account)
    moves.close(moderator, first, "dismissed", "no spam")
    assert report(account) != first


def test_a_subject_at_another_host_of_the_tenant_has_its_case_there(account: Account, ash: Host):
    other = provisioning.create_host(ash.tenant, "two.localhost", "http://two", [".two.test"])
    subject = account_row(other, "two")
    assert report(account, did=subject.did).host == other


def test_a_subject_of_another_tenant_stays_in_the_reporters_desk(account, ash, birch):
    assert report(account, did=account_row(birch, "elsewhere").did).host == ash


def test_an_appeal_is_not_for_who_decided_unless_nobody_else_is_there(account, moderator, staff_of):
    takedowns.take_down(moderator, account, "spam")
    assert report(account, f"{DEFS}reasonAppeal", account.did).barred is None
    staff_of(account.host, "owner")
    moves.close(moderator, Case.objects.get(), "dismissed", "no")
    assert report(account, f"{DEFS}reasonAppeal", account.did).barred == moderator


@pytest.mark.parametrize(("reason", "kind"), [
    (f"{DEFS}reasonSpam", "spam"), (f"{DEFS}reasonRude", "harassment"),
    (f"{DEFS}reasonViolation", "rules"), (f"{DEFS}reasonAppeal", "appeal"),
    (f"{OZONE}reasonChildSafetyGroom", "child_safety"),
    (f"{OZONE}reasonHarassmentDoxxing", "privacy"), (f"{OZONE}reasonMisleadingSpam", "spam"),
    (f"{OZONE}reasonSelfHarmStunts", "self_harm"), (f"{OZONE}reasonRuleBanEvasion", "rules"),
    ("tools.ozone.inbox.appealActionedSubject", "appeal"), ("com.example.anything", "other"),
])  # fmt: skip
def test_every_family_of_reasons_has_its_kind(reason, kind):
    assert kinds.of_reason(reason) == kind


def test_a_tenant_has_deadlines_of_its_own_but_not_for_children(ash, birch, staff_of):
    deadlines.set_hours(staff_of(ash, "owner"), ash, {"spam": 5, "child_safety": 500})
    assert deadlines.hours(ash.tenant_id)["spam"] == 5
    assert deadlines.hours(ash.tenant_id)["child_safety"] == 1
    assert deadlines.hours(birch.tenant_id)["spam"] == deadlines.HOURS[Case.Kind.SPAM]
    due_at = cases.open_or_join(ash, RECORD, "spam").due_at
    assert timedelta(hours=4) < due_at - timezone.now() <= timedelta(hours=5)


def test_the_same_deadlines_again_are_no_change(ash, staff_of):
    owner = staff_of(ash, "owner")
    deadlines.set_hours(owner, ash, {"spam": 5, "other": 72})
    deadlines.set_hours(owner, ash, {"spam": 5})
    said = AuditEntry.objects.values_list("reason", flat=True)
    assert list(said) == ["deadlines: spam: 5 h"]


def test_only_an_owner_changes_deadlines(ash, moderator):
    with pytest.raises(NotAllowed):
        deadlines.set_hours(moderator, ash, {"spam": 5})
