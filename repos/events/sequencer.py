"""The sequencer, a process that numbers committed events: `python -m repos.events.sequencer`.

Commits append events without `seq`; this process gives numbers to what has become visible, in the
order of ids, a batch in one statement, and notifies the tailers once a batch. It does the same for
labels, whose table is moderation's, less often: nobody waits for one as for a commit. Many may run:
the one that holds a session's advisory lock leads, the others wait for it to go. A kill at any
moment loses and repeats nothing, because a batch is one transaction. No Django here: it starts in a
tenth of a second and stays small. Spec of `seq`: com.atproto.sync.subscribeRepos.
"""

import signal
import time
from types import FrameType

import psycopg
import structlog
from psycopg.pq import ExecStatus

from repos.events.retention import DAYS_AHEAD
from server import environment
from server.logs import configuration

BATCH = 500
LABELS_PAUSE_S = 0.1
_BUSY_PAUSE_S = 0.004
_IDLE_PAUSE_S = 0.016  # an event waits half of it on average when all is quiet
_STANDBY_PAUSE_S = 0.25
_RECONNECT_PAUSE_S = 0.25

_LEAD = "SELECT pg_try_advisory_lock(hashtext('grove.sequencer'))"
_ENSURE = "SELECT ensure_event_partitions(%s::int)"
_NUMBER = b"SELECT number_pending_events(%d)" % BATCH
_STATEMENT = b"number"
_NUMBER_LABELS = b"SELECT number_pending_labels(%d)" % BATCH
_LABELS_STATEMENT = b"number_labels"

logger = structlog.stdlib.get_logger("repos.events.sequencer")


class Sequencer:
    """One process's part in the election, and the loop of the one that is elected."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._is_stopping = False

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End after the batch under way; also a signal handler."""
        self._is_stopping = True

    def run(self) -> None:
        """Wait for the lead and number events until stopped, through restarts of Postgres."""
        while not self._is_stopping:
            try:
                with psycopg.connect(
                    self._conninfo,
                    autocommit=True,
                    prepare_threshold=0,
                    options=environment.POSTGRES_OPTIONS,
                    application_name="grove sequencer",
                ) as connection:
                    self._wait_for_lead(connection)
                    self._lead(connection)
            except psycopg.OperationalError as error:
                logger.warning("lost Postgres, reconnecting", reason=str(error).strip())
                time.sleep(_RECONNECT_PAUSE_S)

    def _wait_for_lead(self, connection: psycopg.Connection) -> None:
        while not self._is_stopping and not _value(connection.execute(_LEAD)):
            time.sleep(_STANDBY_PAUSE_S)

    def _lead(self, connection: psycopg.Connection) -> None:
        logger.info("leading")
        connection.execute(_ENSURE, (DAYS_AHEAD,))
        connection.pgconn.prepare(_STATEMENT, _NUMBER)
        connection.pgconn.prepare(_LABELS_STATEMENT, _NUMBER_LABELS)
        pause_s, labels_at = _BUSY_PAUSE_S, 0.0
        while not self._is_stopping:
            numbered = _number(connection, _STATEMENT)
            if time.monotonic() >= labels_at:
                is_full = _number(connection, _LABELS_STATEMENT) == BATCH
                labels_at = time.monotonic() + (0 if is_full else LABELS_PAUSE_S)
            if numbered == BATCH:
                continue
            pause_s = _BUSY_PAUSE_S if numbered else min(pause_s * 1.5, _IDLE_PAUSE_S)
            time.sleep(pause_s)


def _number(connection: psycopg.Connection, statement: bytes) -> int:
    """Number one batch; returns how many events.

    Straight through libpq, at half the cost of a cursor: an idle leader does this all day long.
    """
    result = connection.pgconn.exec_prepared(statement, None)
    value = result.get_value(0, 0) if result.status == ExecStatus.TUPLES_OK else None
    if value is None:
        raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
    return int(value)


def _value(cursor: psycopg.Cursor) -> int:
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    configuration.configure()
    configuration.log_uncaught()
    sequencer = Sequencer(environment.service_url("DATABASE_URL"))
    signal.signal(signal.SIGTERM, sequencer.stop)
    signal.signal(signal.SIGINT, sequencer.stop)
    sequencer.run()


if __name__ == "__main__":
    main()
