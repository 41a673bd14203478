"""The queue: urgent and overdue first, a page at a time, of one's own tenant alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hosting.models import Host
from moderation.desk import cases, clocks, moves, presence, queue
from moderation.desk.queue import Counts, View
from moderation.desk.subjects.subject import Subject
from moderation.models import Case

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def case(host: Host, number: int, kind: str = "spam", rkey: str = "") -> Case:
    did = f"did:plc:{number:024}"
    uri = f"at://{did}/com.example.thing/{rkey}" if rkey else ""
    return cases.open_or_join(host, Subject(did, uri), kind)


def shown(host: Host, staff, **asked: str) -> list[int]:
    view = View.of_query(asked)
    found = queue.rows(Host.objects.filter(tenant=host.tenant), staff, view)
    return [each.pk for each in queue.page(found, view).cases]


def test_the_urgent_come_first_then_the_overdue_then_by_deadline(ash, moderator):
    late, soon, overdue = (case(ash, number) for number in range(3))
    urgent = case(ash, 3, "child_safety")
    Case.objects.filter(pk=soon.pk).update(due_at=timezone.now() + HOUR)
    Case.objects.filter(pk=overdue.pk).update(due_at=timezone.now() - HOUR)
    clocks.sweep()
    assert shown(ash, moderator) == [urgent.pk, overdue.pk, soon.pk, late.pk]
    assert list(overdue.events.values_list("kind", flat=True)) == ["opened", "overdue"]


def test_a_view_narrows_the_queue(ash, moderator):
    spam, record, rude = case(ash, 1), case(ash, 2, rkey="k"), case(ash, 3, "harassment")
    moves.take(moderator, rude)
    assert shown(ash, moderator, kind="harassment") == [rude.pk]
    assert shown(ash, moderator, subject="record") == [record.pk]
    assert shown(ash, moderator, assignee="me") == [rude.pk]
    assert shown(ash, moderator, assignee="nobody", subject="account") == [spam.pk]
    assert shown(ash, moderator, about=record.subject) == [record.pk]
    assert shown(ash, moderator, about=spam.subject_did) == [spam.pk]
    assert shown(ash, moderator, overdue="1") == []
    assert len(shown(ash, moderator, kind="nonsense", state="nonsense")) == 3


def test_closed_cases_are_shown_when_asked_for_the_newest_first(ash, moderator):
    first, second = case(ash, 1), case(ash, 2)
    for each in (first, second):
        moves.close(moderator, each, "dismissed", "fine")
    assert shown(ash, moderator) == []
    assert shown(ash, moderator, state="closed") == [second.pk, first.pk]


@pytest.mark.parametrize("state", ["", "closed"])
def test_pages_follow_one_another_without_gap_or_repetition(ash, moderator, state):
    for number in range(7):
        made = case(ash, number)
        if state:
            moves.close(moderator, made, "dismissed", "fine")
    Case.objects.filter(subject_did__endswith="3").update(due_at=timezone.now())
    view, cursor, seen = View(state=state), "", []
    found = queue.rows(Host.objects.all(), moderator, view)
    while not seen or cursor:
        page = queue.page(found, view, cursor, 2)
        seen += [each.pk for each in page.cases]
        cursor = page.next_cursor
    assert seen == shown(ash, moderator, state=state)
    assert len(set(seen)) == 7


@pytest.mark.parametrize("cursor", ["x", "1-2", "1-2-x", "1-999999999999999999-3", "٣-1-1", "--"])
def test_a_cursor_that_is_none_begins_anew_or_shows_nothing(ash, moderator, cursor):
    case(ash, 1)
    found = queue.rows(Host.objects.all(), moderator, View())
    assert len(queue.page(found, View(), cursor).cases) in {0, 1}


def test_another_tenants_cases_are_nowhere(ash, birch, moderator, staff_of):
    own, theirs = case(ash, 1), case(birch, 1)
    assert shown(ash, moderator) == [own.pk]
    assert shown(birch, staff_of(birch, "owner"), about=own.subject_did) == [theirs.pk]
    assert queue.counts(Host.objects.filter(pk=birch.pk)) == {"spam": Counts(1, 0, 0, 1)}


def test_a_view_says_itself_in_an_address():
    view = View.of_query({"kind": "spam", "about": "did:web:x", "other": "y"})
    assert view.query == "kind=spam&about=did%3Aweb%3Ax"
    assert view.but(kind="") == "about=did%3Aweb%3Ax"


def test_counts_tell_what_waits_by_kind(ash, moderator):
    case(ash, 1)
    moves.escalate(moderator, case(ash, 2), "hm")
    Case.objects.filter(pk=case(ash, 3, "harassment").pk).update(due_at=timezone.now())
    found = queue.counts(Host.objects.filter(pk=ash.pk))
    assert found == {"spam": Counts(2, 0, 1, 1), "harassment": Counts(1, 1, 0, 1)}
    assert sum(found.values(), Counts()) == Counts(3, 1, 1, 2)


def test_what_waited_long_enough_comes_back_to_whom_it_was_or_to_all(ash, moderator):
    held, loose = case(ash, 1), case(ash, 2)
    moves.take(moderator, held)
    for each in (held, loose):
        moves.wait(moderator, each, timezone.now())
    clocks.sweep()
    clocks.sweep()
    states = list(Case.objects.order_by("pk").values_list("state", "assignee"))
    assert states == [("assigned", moderator.pk), ("open", None)]
    assert list(loose.events.values_list("kind", flat=True))[-1] == "resumed"


def test_who_looks_at_a_case_is_seen_by_others_for_a_while(ash, moderator, staff_of):
    owner, looked_at = staff_of(ash, "owner"), case(ash, 1)
    presence.note(moderator, looked_at)
    presence.note(moderator, looked_at)
    assert presence.others(owner, looked_at) == [moderator]
    assert presence.others(moderator, looked_at) == []
    looked_at.viewers.update(seen_at=timezone.now() - HOUR)
    assert presence.others(owner, looked_at) == []
    clocks.sweep()
    assert not looked_at.viewers.exists()
