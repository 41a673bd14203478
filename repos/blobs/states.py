"""The blob life cycle as data: which state may follow which.

Source: docs/decisions/0017-the-life-of-a-blob.md. The moves themselves are made by SQL, each where
its cause is (an upload, a commit, a takedown, the sweep); a trigger on the table `blob` refuses
every other one, and a test holds that trigger against this table. `purged` is the end: the row goes
and its file's deletion is scheduled (models.FileDeletion).
"""

from collections.abc import Collection, Mapping
from typing import Final

from repos.models import Blob

State = Blob.State

FIRST: Final = State.STAGED
LAST: Final = State.PURGED
MOVES: Final[Mapping[State, Collection[State]]] = {
    State.STAGED: {State.LIVE, State.QUARANTINED, State.PURGED},
    State.LIVE: {State.IDLE, State.QUARANTINED, State.PURGED},  # purged: with its repo
    State.IDLE: {State.LIVE, State.QUARANTINED, State.PURGED},
    State.QUARANTINED: {
        State.IDLE,
        State.PURGED,
    },  # idle, and on to live
    State.PURGED: (),
}


class BrokenLifeCycle(Exception):
    """The table of moves contradicts itself."""


def check(moves: Mapping[State, Collection[State]]) -> None:
    """Refuse a table that forgets a state, never reaches one, or lets one live for ever.

    Raises BrokenLifeCycle.
    """
    if set(moves) != set(State):
        raise BrokenLifeCycle("every state needs a line, and only states have one")
    if moves[LAST]:
        raise BrokenLifeCycle(f"nothing may follow {LAST}")
    if _reached_from(FIRST, moves) != set(State):
        raise BrokenLifeCycle(f"some state is never reached from {FIRST}")
    if endless := [state for state in State if LAST not in _reached_from(state, moves)]:
        raise BrokenLifeCycle(f"no way leads from {endless[0]} to {LAST}")


def _reached_from(start: State, moves: Mapping[State, Collection[State]]) -> set[State]:
    reached = [start]
    for state in reached:  # grows while it is walked
        reached.extend(after for after in moves[state] if after not in reached)
    return set(reached)


check(MOVES)
