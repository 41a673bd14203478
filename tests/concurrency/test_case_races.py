"""Moderators at once: nobody gets another's case, no report and no note is lost."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection, transaction

from hosting.models import Host
from moderation.desk import cases, moves
from moderation.desk.reports import reports
from moderation.desk.subjects.subject import Subject
from moderation.models import Case, CaseEvent, Report
from tests.factories import open_account, staff_member

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
SOMEBODY = "did:plc:" + "s" * 24
T = TypeVar("T")


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each returned; all begin together."""
    start = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        try:
            start.wait(60)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


def opened(host: Host, did: str = SOMEBODY) -> Case:
    with transaction.atomic():
        return cases.open_or_join(host, Subject(did), "spam")


def test_no_case_is_given_to_two_moderators(ash: Host) -> None:
    staff = [staff_member(ash, role) for role in ("moderator", "owner")]
    for number in range(40):
        opened(ash, f"did:plc:{number:024}")

    def take_all(who) -> list[int]:
        taken = []
        while case := moves.take_next(who, Case.objects.filter(host=ash)):
            taken.append(case.pk)
        return taken

    got = at_once([lambda who=who: take_all(who) for who in (*staff, *staff)])
    assert Counter(pk for each in got for pk in each) == Counter(
        Case.objects.values_list("pk", flat=True)
    )


def test_reports_at_once_join_one_case(ash: Host) -> None:
    people = [open_account(ash) for _ in range(4)]
    about = {"$type": reports.REPO_REF, "did": SOMEBODY}
    at_once([lambda who=who: reports.file(who, about, "x#reasonSpam") for who in people * 2])
    assert Case.objects.get().report_count == 8
    assert Report.objects.filter(case=Case.objects.get()).count() == 8


def test_of_two_decisions_at_once_one_counts_and_notes_stay(ash: Host) -> None:
    staff = [staff_member(ash, role) for role in ("moderator", "owner")]
    case = opened(ash)

    def work(who) -> str:
        moves.note(who, case, f"{who} was here")
        try:
            return str(moves.close(who, case, "dismissed", "fine").state)
        except moves.CaseMoved:
            return "too late"

    assert sorted(at_once([lambda who=who: work(who) for who in staff])) == ["closed", "too late"]
    kinds = Counter(CaseEvent.objects.values_list("kind", flat=True))
    assert kinds == {"opened": 1, "note": 2, "closed": 1}
