"""The table of a case's states, and the trigger that keeps to it."""

import itertools

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation.desk import cases
from moderation.desk.states import FIRST, MOVES, State
from moderation.desk.subjects.subject import Subject
from moderation.models import Case, CaseEvent

pytestmark = pytest.mark.django_db
ALLOWED = [(before, after) for before in State for after in State if after in MOVES[before]]
REFUSED = [pair for pair in itertools.permutations(State, 2) if pair not in ALLOWED]


def in_state(state: str, staff) -> dict[str, object]:
    is_closed = state == State.CLOSED
    return {
        "state": state,
        "assignee": staff if state == State.ASSIGNED else None,
        "resolution": "dismissed" if is_closed else "",
        "closed_at": timezone.now() if is_closed else None,
    }


def move(ash, staff, before: str, after: str) -> str:
    case = cases.open_or_join(ash, Subject("did:plc:" + "a" * 24), "spam")
    row = Case.objects.filter(pk=case.pk)
    if before != FIRST:
        row.update(**in_state(before, staff))
    with transaction.atomic():
        row.update(**in_state(after, staff))
    return row.get().state


def test_every_state_has_a_line_and_leads_to_the_end():
    assert set(MOVES) == set(State)
    assert all(State.CLOSED in MOVES[state] for state in State if state != State.CLOSED)


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_the_database_allows_what_the_table_allows(ash, moderator, before, after):
    assert move(ash, moderator, before, after) == after


@pytest.mark.parametrize(("before", "after"), REFUSED)
def test_the_database_refuses_what_the_table_does_not_have(ash, moderator, before, after):
    with pytest.raises(IntegrityError):
        move(ash, moderator, before, after)


def test_what_happened_to_a_case_cannot_be_changed(ash):
    cases.open_or_join(ash, Subject("did:plc:" + "a" * 24), "spam")
    for change in (lambda rows: rows.update(text="no"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            change(CaseEvent.objects.all())
