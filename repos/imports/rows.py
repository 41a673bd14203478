"""Rows of an import waiting to be stored: encoded once, on disk, then given to Postgres whole.

The format is that of COPY ... (FORMAT BINARY), PostgreSQL documentation, "COPY". Encoding happens
before the transaction, so the transaction lasts only as long as Postgres needs to take the rows;
or, where nobody waits for it, side by side with Postgres.
"""

import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.database import connection
from server.database.prepared import NULL, SIZES, bigint, integer
from server.storage import temporary_files

_MEMORY_BYTES = 8_388_608  # beyond this the rows go to a temporary file
_CHUNK_BYTES = 65_536
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = struct.pack(">h", -1)


class Rows:
    """Rows for one table and repo, `repo_id` first in each."""

    def __init__(self, repo_id: int, table: str, columns: tuple[str, ...]) -> None:
        self.count = 0  # of rows that `store` has to send
        self._copy = f"COPY {table} (repo_id, {', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        self._start = struct.pack(">hi", len(columns) + 1, 8) + bigint(repo_id)
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - `close`
            max_size=_MEMORY_BYTES, dir=str(temporary_files.folder())
        )
        self._write: Callable[[bytes], object] = self._file.write
        self._held = bytearray(_HEADER)  # not written yet: a write for each row costs a third

    def add(self, *values: bytes | None) -> None:
        """One row: the other columns' values, text in UTF-8."""
        held = self._held
        held += self._start
        for value in values:
            if value is None:
                held += NULL
            else:
                length = len(value)
                held += SIZES[length] if length < len(SIZES) else integer(length)
                held += value
        self.count += 1
        if len(held) >= _CHUNK_BYTES:
            self._write_held()

    @contextmanager
    def sent_at_once(self) -> Iterator[None]:
        """Rows added within are stored as they come, in the transaction that is open.

        Nothing else can be asked of Postgres meanwhile. `store` then has what is added later.
        """
        with self._copying() as self._write:
            yield
            self._write_held()
        self._write = self._file.write
        self._held += _HEADER
        self.count = 0

    def store(self) -> None:
        """Send all rows, in the transaction that is open."""
        if not self.count:
            return
        self._write_held()
        self._file.seek(0)
        with self._copying() as write:
            while chunk := self._file.read(_CHUNK_BYTES):
                write(chunk)

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def _copying(self) -> Iterator[Callable[[bytes], object]]:
        with connection.hot().cursor() as cursor, cursor.copy(self._copy.encode()) as copy:
            yield copy.write
            copy.write(_TRAILER)

    def _write_held(self) -> None:
        temporary_files.check_room()
        self._write(bytes(self._held))
        self._held.clear()
