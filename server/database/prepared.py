"""Prepared statements of the hottest paths, sent and read in binary, by libpq.

A psycopg cursor costs about 100 microseconds a statement and 8 more for each array among its
parameters; a commit has thirty of those. What is spoken here is Postgres' binary format: integers
big-endian, text as UTF-8, arrays as in `array_recv` (src/backend/utils/adt/arrayfuncs.c). The
connection is Django's, so these statements take part in its transactions.
"""

import itertools
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import PyFormat
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from server.database import connection as database

Connection = psycopg.Connection[Any]
Params = Sequence[bytes | None]
Row = tuple[Any, ...]  # of bytes, and None for null

# Object ids of the types, src/include/catalog/pg_type.dat.
BYTEA, BIGINT, INTEGER, TEXT = 17, 20, 23, 25
BYTEAS, INTEGERS, TEXTS, BIGINTS = 1001, 1007, 1009, 1016

TRUE: Final = b"\1"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)  # of Postgres' timestamps: microseconds since
NULL: Final = struct.pack("!i", -1)
_EMPTY = {kind: struct.pack("!iii", 0, 0, kind) for kind in (BYTEA, BIGINT, INTEGER, TEXT)}
# What stands before a value in an array or a row of COPY, by its length: half the cost of packing.
SIZES: Final = tuple(struct.pack("!i", size) for size in range(16_384))
_UNKNOWN_STATEMENT: Final = b"26000"
_names = itertools.count()
_prepared: WeakKeyDictionary[object, set[bytes]] = WeakKeyDictionary()


class Statement:
    """One SQL text with `$1`, `$2` ... of known types (object ids)."""

    def __init__(self, sql: str, types: Sequence[int]) -> None:
        self._sql = sql.encode()
        self._types = tuple(types)
        self.name = f"grove_{next(_names)}".encode()
        self._formats = (Format.BINARY,) * len(self._types)

    def rows(self, *params: bytes | None) -> list[Row]:
        """Run it with encoded parameters; raises what psycopg would, of `psycopg.Error`."""
        connection = database.hot()
        run = self._run_prepared if connection.autocommit else self._run_in_transaction
        result = run(connection, params)
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(result)
        return rows_of(result)

    def send_prepare(self, wire: PGconn) -> None:
        """Have it prepared on a connection in pipeline mode (server.database.pipeline)."""
        wire.send_prepare(self.name, self._sql, self._types)

    def send(self, wire: PGconn, params: Params) -> None:
        """Send it, prepared, with encoded parameters on a connection in pipeline mode."""
        values = cast("Sequence[bytes]", params)  # its stub forgets nulls
        wire.send_query_prepared(self.name, values, self._formats, Format.BINARY)

    def _run_prepared(self, connection: Connection, params: Params) -> PGresult:
        wire = connection.pgconn
        known = _prepared.setdefault(connection, set())
        for _ in range(2):
            if self.name not in known:
                wire.prepare(self.name, self._sql, self._types)
                known.add(self.name)
            values = cast("Sequence[bytes]", params)  # its stub forgets nulls
            result = wire.exec_prepared(self.name, values, self._formats, Format.BINARY)
            # psycopg deallocates all statements of a connection when it sees a rollback.
            if result.error_field(DiagnosticField.SQLSTATE) != _UNKNOWN_STATEMENT:
                break
            known.clear()
        return result

    def _run_in_transaction(self, connection: Connection, params: Params) -> PGresult:
        """By a cursor, which knows what is still prepared: a statement that is not known any more
        would undo the whole transaction. It costs 100 microseconds more."""
        values = [
            None if value is None else _Encoded(kind, value)
            for kind, value in zip(self._types, params, strict=True)
        ]
        cursor = psycopg.RawCursor(connection)
        cursor.execute(self._sql, values, prepare=True, binary=True)
        if cursor.pgresult is None:
            raise psycopg.InternalError("a statement without a result")
        return cursor.pgresult


def rows_of(result: PGresult) -> list[Row]:
    """The rows of a result in binary."""
    value, columns = result.get_value, range(result.nfields)
    return [tuple([value(row, column) for column in columns]) for row in range(result.ntuples)]


class Question(NamedTuple):
    """A statement and its encoded parameters, to be asked by a thread or by the event loop
    (server.database.pipeline)."""

    statement: Statement
    params: Params

    def rows(self) -> list[Row]:
        """Ask it here and now."""
        return self.statement.rows(*self.params)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A parameter as it goes out, for psycopg's cursors."""

    kind: int
    value: bytes


class _EncodedDumper(psycopg.adapt.Dumper):
    """Its types are as many as the values', so psycopg keeps one dumper for each."""

    format = Format.BINARY

    def get_key(self, obj: _Encoded, _format: PyFormat) -> tuple[type, int]:  # type: ignore[override]
        return _Encoded, obj.kind

    def upgrade(self, obj: _Encoded, _format: PyFormat) -> "_EncodedDumper":
        dumper = _EncodedDumper(_Encoded)
        dumper.oid = obj.kind
        return dumper

    def dump(self, obj: _Encoded) -> bytes:
        return obj.value


psycopg.adapters.register_dumper(_Encoded, _EncodedDumper)


def _error(result: PGresult) -> psycopg.Error:
    if result.error_field(DiagnosticField.SQLSTATE) is None:  # not Postgres' word: it has gone
        return psycopg.OperationalError(result.error_message.decode(errors="replace").strip())
    return psycopg.errors.error_from_result(result)


def bigint(value: int) -> bytes:
    return struct.pack("!q", value)


def bigint_or_null(value: int | None) -> bytes | None:
    return None if value is None else bigint(value)


def integer(value: int) -> bytes:
    return struct.pack("!i", value)


def number(value: bytes) -> int:
    """The integer in a value, of whatever width."""
    return int.from_bytes(value, "big", signed=True)


def number_or_none(value: bytes | None) -> int | None:
    return None if value is None else number(value)


def moment(value: bytes) -> datetime:
    """The time in a `timestamptz`."""
    return _EPOCH + timedelta(microseconds=number(value))


def text_or_none(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def bigints(values: Sequence[int]) -> bytes:
    return _fixed(BIGINT, "iq", 8, values)


def integers(values: Sequence[int]) -> bytes:
    return _fixed(INTEGER, "ii", 4, values)


def byteas(values: Sequence[bytes]) -> bytes:
    return _varying(BYTEA, values)


def texts(values: Iterable[str | None]) -> bytes:
    return _varying(TEXT, [None if value is None else value.encode() for value in values])


def _fixed(kind: int, pair: str, width: int, values: Sequence[int]) -> bytes:
    if not values:
        return _EMPTY[kind]
    flat = itertools.chain.from_iterable([(width, value) for value in values])
    return _header(kind, len(values)) + struct.pack("!" + pair * len(values), *flat)


def _varying(kind: int, values: Sequence[bytes | None]) -> bytes:
    if not values:
        return _EMPTY[kind]
    pieces = [_header(kind, len(values), has_null=None in values)]
    for value in values:
        if value is None:
            pieces.append(NULL)
        else:
            size = len(value)
            pieces.append(SIZES[size] if size < len(SIZES) else struct.pack("!i", size))
            pieces.append(value)
    return b"".join(pieces)


def _header(kind: int, count: int, *, has_null: bool = False) -> bytes:
    return struct.pack("!iiiii", 1, has_null, kind, count, 1)
