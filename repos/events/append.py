"""Appends events to a host's firehose, in the transaction that makes the event true.

An event is stored without its number; repos.events.sequencer gives it one. Source: the lexicon
com.atproto.sync.subscribeRepos.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from protocol.event_stream.frames import Body, EventKind
from server.database import connection

_APPEND = "SELECT append_event(%s::bigint, %s::int, %s::int, %b)"
_APPEND_ALL = """
    SELECT append_event(%s::bigint, kind, seq_at, body)
    FROM unnest(%s::int[], %s::int[], %s::bytea[]) AS event (kind, seq_at, body)
"""


def append(repo_id: int, kind: EventKind, body: Body) -> int:
    """Store one event; its id. Call inside a transaction; it locks the repo's row until the end of
    it."""
    stored = connection.row(_APPEND, (repo_id, int(kind), body.seq_at, body.data))
    return int(stored[0]) if stored else 0


def append_all(repo_id: int, events: Sequence[tuple[EventKind, Body]]) -> None:
    """As `append`, for several events in their order."""
    kinds, places, bodies = zip(
        *((int(kind), body.seq_at, body.data) for kind, body in events), strict=True
    )
    connection.row(_APPEND_ALL, (repo_id, [*kinds], [*places], [*bodies]))


def time_text(moment: datetime | None = None) -> str:
    """A moment in UTC (now, unless given) as events write it: RFC 3339, milliseconds, `Z`."""
    text = (moment or datetime.now(UTC)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
