"""Reads of the event loop: prepared statements in libpq's pipeline mode, on one connection.

What requests of one moment ask is sent together and answered in order, without a thread for each
(https://www.postgresql.org/docs/current/libpq-pipeline-mode.html). Reads alone: statements of one
moment share a transaction, so a faulty one takes the others and the connection along: texts that no
column can hold are for the caller to refuse.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from server.database.prepared import Params, Row, Statement, rows_of

WAITING_MAX: Final = 512  # requests; the next ones take the way of all others, which has a queue
SILENCE_S: Final = 5.0  # of a connection that owes answers; then it is given up
CONNECT_S: Final = 5
RECONNECT_PAUSE_S: Final = 0.5
_SYNC: Final = None  # among what is awaited: the end of a moment's statements
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class PipelineUnavailable(Exception):
    """This read was not answered: no connection, a fault of a statement, or too many wait."""


class Pipeline:
    """One process's connection for small reads; made with the first of them.

    What is asked before it is there waits for it. A Postgres that takes connections or questions
    and answers nothing holds a read for CONNECT_S and SILENCE_S at the most.
    """

    def __init__(
        self,
        conninfo: Callable[[], str],
        pause_s: float = RECONNECT_PAUSE_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._conninfo = conninfo
        self._pause_s = pause_s
        self._silence_s = silence_s
        self._heard_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._connection: psycopg.Connection[Any] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._socket = -1  # kept: a connection that is lost does not tell
        self._known: set[bytes] = set()
        self._asked: list[tuple[Statement, Params, asyncio.Future[list[Row]]]] = []
        self._awaited: deque[asyncio.Future[list[Row]] | None] = deque()

    async def rows(self, statement: Statement, params: Params) -> list[Row]:
        """The rows of a statement. Raises PipelineUnavailable."""
        if len(self._awaited) + len(self._asked) >= WAITING_MAX:
            raise PipelineUnavailable("too many reads are waiting")
        loop = asyncio.get_running_loop()
        if self._connection is None and self._connecting is None:
            if time.monotonic() < self._not_before:
                raise PipelineUnavailable("the database was away a moment ago")
            self._connecting = loop.create_task(self._connect())
        answer: asyncio.Future[list[Row]] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._send)
        self._asked.append((statement, params, answer))
        return await answer

    def close(self) -> None:
        """Hang up; whoever still waits is told."""
        self._fail("the connection was closed")

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(None, self._opened)
            connection.pgconn.nonblocking = 1
            connection.pgconn.enter_pipeline_mode()
            self._known.clear()
            self._connection = connection
            self._socket = connection.pgconn.socket
            loop.add_reader(self._socket, self._receive)
        except psycopg.Error:
            self._not_before = time.monotonic() + self._pause_s
        finally:
            self._connecting = None
            self._send()

    def _opened(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self._conninfo(),
            autocommit=True,
            connect_timeout=CONNECT_S,
            application_name="grove reads",
        )

    def _send(self) -> None:
        """Send what was asked in this turn of the loop, or while the connection was made."""
        if self._connecting is not None:
            return
        asked, self._asked = self._asked, []
        connection = self._connection
        if connection is None:
            for _, _, answer in asked:
                _refuse(answer, "the database does not answer")
            return
        if not asked:
            return
        if not self._awaited:
            self._heard_at = time.monotonic()
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(self._silence_s, self._look)
        wire = connection.pgconn
        try:
            for statement, params, answer in asked:
                if statement.name not in self._known:
                    statement.send_prepare(wire)
                    self._known.add(statement.name)
                    self._awaited.append(_nobody())
                statement.send(wire, params)
                self._awaited.append(answer)
            wire.pipeline_sync()
            self._awaited.append(_SYNC)
            self._flush()
        except psycopg.Error as error:
            for _, _, answer in asked:
                _refuse(answer, str(error))
            self._fail(str(error))

    def _look(self) -> None:
        """Give the connection up when it owes answers and is silent; one timer for all of them."""
        self._watch = None
        self._receive()  # what this loop had no time to read is no silence
        if self._awaited:
            rest_s = self._heard_at + self._silence_s - time.monotonic()
            if rest_s > 0:
                self._watch = asyncio.get_running_loop().call_later(rest_s, self._look)
            else:
                self._fail("the database does not answer")

    def _flush(self) -> None:
        connection = self._connection
        if connection is None:
            return
        loop, wire = asyncio.get_running_loop(), connection.pgconn
        try:
            is_more = wire.flush()
        except psycopg.Error as error:
            self._fail(str(error))
            return
        if is_more:
            loop.add_writer(self._socket, self._flush)
        else:
            loop.remove_writer(self._socket)

    def _receive(self) -> None:
        """Hand out what has come."""
        connection = self._connection
        if connection is None:
            return
        wire = connection.pgconn
        try:
            wire.consume_input()
            while self._awaited and not wire.is_busy():
                result = wire.get_result()
                if result is not None:  # None ends each statement's results
                    self._heard_at = time.monotonic()
                    self._take(result)
        except psycopg.Error as error:
            self._fail(str(error))

    def _take(self, result: PGresult) -> None:
        answer = self._awaited.popleft()
        if answer is None:  # the end of a moment, whose statements may have failed
            return
        if result.status not in _GOOD:  # whatever it was: what is prepared is not certain any more
            why = result.error_message.decode(errors="replace")
            _refuse(answer, why)
            self._fail(why)
        elif not answer.done():
            answer.set_result(rows_of(result))

    def _fail(self, why: str) -> None:
        """Drop the connection; all that wait are told, and take the way of all others."""
        connection, self._connection = self._connection, None
        self._not_before = time.monotonic() + self._pause_s
        if connection is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)
            connection.close()
        waiting, self._awaited = self._awaited, deque()
        for answer in waiting:
            if answer is not None:
                _refuse(answer, why)


def _refuse(answer: "asyncio.Future[list[Row]]", why: str) -> None:
    if not answer.done():
        answer.set_exception(PipelineUnavailable(why))


def _nobody() -> "asyncio.Future[list[Row]]":
    """Who waits for a statement to be prepared."""
    nobody: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
    nobody.cancel()
    return nobody
