"""The life cycle of a case as data: which state may follow which.

A trigger on `moderation_case` refuses every other move (moderation/sql/case_moves.sql), and a test
holds it against this table.
"""

from collections.abc import Collection, Mapping
from typing import Final

from moderation.models import Case

State = Case.State

FIRST: Final = State.OPEN
MOVES: Final[Mapping[State, Collection[State]]] = {
    State.OPEN: {State.ASSIGNED, State.ESCALATED, State.WAITING, State.CLOSED},
    State.ASSIGNED: {State.OPEN, State.ESCALATED, State.WAITING, State.CLOSED},
    State.ESCALATED: {State.OPEN, State.ASSIGNED, State.WAITING, State.CLOSED},
    State.WAITING: {State.OPEN, State.ASSIGNED, State.ESCALATED, State.CLOSED},
    State.CLOSED: {State.OPEN},  # reopened: whoever takes it next decides anew
}


def may_follow(before: str, after: str) -> bool:
    """Whether a case in the first state may go to the second."""
    return after in MOVES[State(before)]
