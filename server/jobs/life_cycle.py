"""The life cycle of a durable job as data: which state may follow which.

One for all tables of jobs. They share the words for what is still to be done; how a job ended each
table says in words of its own, which END stands for. Triggers on the tables refuse every other move
(server/jobs/sql/), and a test holds them against this.
"""

from collections.abc import Collection, Mapping
from typing import Final

WAITING: Final = "waiting"  # nobody is at it; due at `next_attempt_at`
RUNNING: Final = "running"  # leased until `next_attempt_at`; a lease that ran out: its worker died
OPEN: Final = (WAITING, RUNNING)
END: Final = "end"

Moves = Mapping[str, Collection[str]]
MOVES: Final[Moves] = {WAITING: {RUNNING, END}, RUNNING: {WAITING, END}, END: ()}
# For jobs of which somebody may ask again, and which are then the same row.
MOVES_ANEW: Final[Moves] = {**MOVES, END: {WAITING}}
