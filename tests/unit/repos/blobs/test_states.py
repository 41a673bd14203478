"""The table of moves checks itself, and the database keeps to it."""

import itertools
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import IntegrityError, transaction

from repos.blobs import states
from repos.blobs.states import MOVES, State
from repos.models import Blob
from server.database import connection

ROWS = [state for state in State if state is not State.PURGED]


def test_the_table_is_sound() -> None:
    states.check(MOVES)


@pytest.mark.parametrize(
    "change",
    [
        {State.PURGED: {State.STAGED}},
        {State.IDLE: ()},  # an idle blob would live for ever
        {State.LIVE: {State.PURGED}, State.QUARANTINED: {State.PURGED}},  # never idle
    ],
)
def test_a_table_that_contradicts_itself_is_refused(change) -> None:
    with pytest.raises(states.BrokenLifeCycle):
        states.check({**MOVES, **change})


def test_a_table_that_forgets_a_state_is_refused() -> None:
    with pytest.raises(states.BrokenLifeCycle):
        states.check({state: after for state, after in MOVES.items() if state != State.IDLE})


ALLOWED = [(before, after) for before in ROWS for after in ROWS if after in MOVES[before]]
REFUSED = [pair for pair in itertools.permutations(ROWS, 2) if pair not in ALLOWED]


def move(before: State, after: State) -> State:
    Blob.objects.create(
        repo_id=1, cid=b"c", mime_type="a/b", size=1, state=before, key="k", changed_at=_NOW
    )
    with transaction.atomic():
        connection.hot().execute("UPDATE blob SET state = %s WHERE repo_id = 1", [after.value])
    return State(Blob.objects.get().state)


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_the_database_allows_what_the_table_allows(before: State, after: State) -> None:
    assert move(before, after) == after


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), REFUSED)
def test_the_database_refuses_what_the_table_does_not_name(before: State, after: State) -> None:
    with pytest.raises(psycopg.DatabaseError) as refusal:
        move(before, after)
    assert refusal.value.sqlstate == ("GRB01" if before == State.QUARANTINED else "GRB02")


@pytest.mark.django_db
def test_no_row_has_a_state_that_is_none() -> None:
    with pytest.raises(IntegrityError, match="blob_state_is_known"), transaction.atomic():
        Blob.objects.create(
            repo_id=1, cid=b"c", mime_type="a/b", size=1, state="purged", key="k", changed_at=_NOW
        )


_NOW = datetime(2026, 1, 1, tzinfo=UTC)
