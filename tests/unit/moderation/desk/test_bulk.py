"""Bulk actions: each case once, on the record; what is refused is told and holds up nothing."""

import contextlib
import threading

import pytest
from django.db import connection, transaction

from accounts.models import Account
from hosting.models import Host, Member, StaffUser
from moderation.desk import cases, queue
from moderation.desk.actions import bulk, table, taking
from moderation.desk.actions.bulk import TooManyBulkActions, TooManyCases
from moderation.desk.actions.table import UnknownAction
from moderation.desk.reports import reports
from moderation.desk.subjects.subject import Subject
from moderation.models import AuditEntry, BulkAction, Case, Report
from moderation.permissions import NotAllowed, ReasonNeeded
from tests.factories import open_account

pytestmark = pytest.mark.django_db
WHY = {"reason": "a wave of spam"}


@pytest.fixture
def spam(ash) -> list[Case]:
    return [cases.open_or_join(ash, Subject(f"did:plc:{n:024}"), "spam") for n in range(5)]


def start(staff, host, action: str = "dismiss") -> BulkAction:
    return bulk.start(staff, host.tenant, Case.objects.all(), action, WHY)


def test_each_case_is_closed_with_an_entry_of_its_own(ash, spam, moderator):
    job = start(moderator, ash)
    bulk.run(job.pk)
    bulk.run(job.pk)
    assert Case.objects.filter(resolution="dismissed").count() == 5
    assert AuditEntry.objects.filter(action="case.close", staff=moderator).count() == 5
    assert bulk.progress(job) == {"pending": 0, "done": 5, "failed": 0}
    assert BulkAction.objects.get().state == "done"


def test_accounts_are_taken_down_in_bulk(ash, moderator):
    people = [open_account(ash) for _ in range(3)]
    for each in people:
        cases.open_or_join(ash, Subject(each.did), "spam")
    bulk.run(start(moderator, ash, "take_down").pk)
    assert Account.objects.filter(status="takendown").count() == 3


def test_a_wave_of_reports_is_a_case_for_each_subject_and_dismissed_at_once(ash, moderator):
    for number in range(200):
        reports.keep(Report(host=ash, reason_type="x#reasonSpam", reported_by=f"did:web:{number}"),
                     Subject(f"did:plc:{number % 60:024}"))  # fmt: skip
    assert [Case.objects.count(), queue.counts(Host.objects.all())["spam"].waiting] == [60, 60]
    bulk.run(start(moderator, ash).pk)
    assert not Case.objects.unclosed().exists()
    assert Report.objects.filter(resolution="dismissed").count() == 200


def test_what_asks_the_network_is_done_to_one_case_at_a_time(ash, spam, moderator):
    with pytest.raises(UnknownAction):
        start(moderator, ash, "remove_handle")


def test_what_somebody_closed_meanwhile_fails_alone(ash, spam, moderator):
    job = start(moderator, ash)
    taking.act(moderator, spam[2], "duplicate", table.Given("the same"))
    bulk.run(job.pk)
    assert bulk.progress(job) == {"pending": 0, "done": 4, "failed": 1}
    assert "meanwhile" in job.items.get(state="failed").said
    assert Case.objects.get(pk=spam[2].pk).resolution == "duplicate"


def test_a_bulk_action_of_somebody_who_left_stops(ash, spam, moderator):
    job = start(moderator, ash)
    StaffUser.objects.update(is_active=False)
    bulk.run(job.pk)
    assert BulkAction.objects.get().state == "stopped"
    assert not Case.objects.filter(state="closed").exists()


def test_a_role_that_was_lost_meanwhile_counts(ash, spam, moderator):
    job = start(moderator, ash)
    Member.objects.update(role="auditor")
    bulk.run(job.pk)
    assert bulk.progress(job)["failed"] == 5


def test_a_stopped_one_goes_no_further(ash, spam, moderator):
    job = start(moderator, ash)
    assert bulk.stop(moderator, job)
    assert not bulk.stop(moderator, job)
    bulk.run(job.pk)
    assert bulk.progress(job)["pending"] == 5


def test_cases_of_another_tenant_are_left_out(ash, birch, spam, staff_of):
    theirs = cases.open_or_join(birch, Subject("did:plc:" + "b" * 24), "spam")
    job = start(staff_of(birch, "owner"), birch)
    assert list(job.items.values_list("case", flat=True)) == [theirs.pk]


def test_only_roles_with_the_deed_start_one_with_a_reason(ash, birch, spam, moderator, staff_of):
    for staff, host in ((staff_of(ash, "triage"), ash), (moderator, birch)):
        with pytest.raises(NotAllowed):
            start(staff, host)
    with pytest.raises(ReasonNeeded):
        bulk.start(moderator, ash.tenant, Case.objects.all(), "dismiss", {"reason": " "})


def test_a_bulk_action_is_bounded_and_so_are_those_of_a_tenant(ash, spam, moderator, monkeypatch):
    with pytest.raises(TooManyCases):
        bulk.start(moderator, ash.tenant, Case.objects.none(), "dismiss", WHY)
    monkeypatch.setattr(bulk, "CASES_MAX", 4)
    with pytest.raises(TooManyCases):
        start(moderator, ash)
    monkeypatch.setattr(bulk, "CASES_MAX", 5)
    monkeypatch.setattr(bulk, "OPEN_MAX", 1)
    start(moderator, ash)
    with pytest.raises(TooManyBulkActions):
        start(moderator, ash)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_begin_at_once_no_more_than_there_is_room_for(ash, moderator, monkeypatch):
    with transaction.atomic():
        cases.open_or_join(ash, Subject("did:plc:x"), "spam")
    monkeypatch.setattr(bulk, "OPEN_MAX", 1)
    monkeypatch.setattr(bulk.queue, "wake", lambda _: None)
    made, ready = [], threading.Barrier(4)

    def begin() -> None:
        ready.wait()
        with contextlib.suppress(TooManyBulkActions):
            made.append(start(moderator, ash))
        connection.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 1


def test_a_hopeless_one_is_given_up(ash, spam, moderator):
    job = start(moderator, ash)
    BulkAction.objects.update(attempts=bulk.MAX_ATTEMPTS)
    bulk.sweep()
    assert BulkAction.objects.get(pk=job.pk).state == "stopped"
