"""The memory budget of buffered request and response bodies, for one process.

Each is a megabyte at the most, but connections are many. Beyond ALL_MAX_BYTES in all, whatever is
longer than SMALL_BYTES waits in a file. All of this belongs to the event loop.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile
from server.web import process_limits

SMALL_BYTES = 65_536  # as much as a connection's own buffers hold anyway; never counted
ALL_MAX_BYTES = process_limits.HELD_BYTES


class BufferBudget:
    """How many bytes are buffered in all."""

    def __init__(self, most: int = ALL_MAX_BYTES) -> None:
        self.most = most
        self.size = 0

    def has_room_for(self, size: int) -> bool:
        """Whether so many bytes more may wait in memory."""
        return size <= SMALL_BYTES or self.size + size <= self.most

    @contextmanager
    def counting(self, size: int) -> Iterator[None]:
        """Count so many bytes for a while."""
        counted = size if size > SMALL_BYTES else 0
        self.size += counted
        try:
            yield
        finally:
            self.size -= counted


class BufferedBody:
    """A body while it comes in: in memory as long as there is room, and in a file from then on.

    Where the disk has no room either, the rest is taken and dropped, and `file` raises
    InsufficientStorage: who is still sending hears no answer.
    """

    __slots__ = ("_counted", "_file", "_held", "_pieces", "_refusal", "size")

    def __init__(self, held: BufferBudget) -> None:
        self.size = 0
        self._held = held
        self._counted = 0
        self._pieces: list[bytes] = []
        self._file: TemporaryFile | None = None
        self._refusal: InsufficientStorage | None = None

    def add(self, piece: bytes) -> None:
        """The next bytes."""
        self.size += len(piece)
        if self._refusal is not None:
            return
        if self._file is None and self.is_counted():
            self._pieces.append(piece)
            return
        try:
            self._write(piece)
        except InsufficientStorage as refusal:
            self._refusal, self._pieces = refusal, []
            self.forget()

    def file(self) -> BinaryIO:
        """All of it, to be read. Raises InsufficientStorage."""
        if self._refusal is not None:
            raise self._refusal
        if self._file is None:
            return io.BytesIO(b"".join(self._pieces))
        self._file.seek(0)
        return self._file

    def _write(self, piece: bytes) -> None:
        if self._file is None:
            self._file = TemporaryFile()
            self._file.writelines(self._pieces)
            self._pieces = []
            self.forget()
        self._file.write(piece)

    def forget(self) -> None:
        """Nobody needs it any more."""
        self._held.size -= self._counted
        self._counted = 0

    def is_counted(self) -> bool:
        """Count what there is now, if there is room for it."""
        more = self.size - self._counted
        if self.size <= SMALL_BYTES:
            return True
        if self._held.size + more > self._held.most:
            return False
        self._held.size += more
        self._counted = self.size
        return True
