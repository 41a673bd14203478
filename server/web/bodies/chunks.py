"""Readers of long response bodies: in threads, a piece at a time, with no thread that waits.

What is read from a snapshot of the database must not wait for a slow client: it can be written to a
temporary file as fast as it comes, and be read from there. The same goes for answers that are too
large to be kept in memory until they are taken.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from server.storage.temporary_files import TemporaryFile

PIECE_BYTES = 262_144
PIECE_MAX_BYTES = 524_288  # for clients that take what they get at once
HELD_MAX_BYTES = 1_000_000  # of an answer that is all there
SPILLED_AT_ONCE_BYTES = 4_194_304


class BodyReader:
    """Chunks of any size as pieces of about PIECE_BYTES. `has_ended` is true with the last one.

    `is_snapshot` says that the source should not be kept waiting. Methods may be called by any
    thread, one at a time. The source is closed at its end, or by `close`.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        close: Callable[[], None] | None = None,
        *,
        is_snapshot: bool = False,
    ) -> None:
        self.is_snapshot = is_snapshot
        self.has_ended = False
        self._chunks = iter(chunks)
        self._close = close
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()  # whoever closes may come while somebody reads

    def next(self, piece_bytes: int = PIECE_BYTES) -> bytes:
        """The next piece, of some `piece_bytes`; empty at the end alone."""
        with self._lock:
            gathered, size = [], 0
            for chunk in self._chunks:
                gathered.append(chunk)
                size += len(chunk)
                if size >= piece_bytes:
                    break
            else:
                self.has_ended = True
                self._end()
            return b"".join(gathered)

    def spill(self) -> bool:
        """Write a part of what is to come to a file; False when it is all there. The pieces then
        come from the file. Raises InsufficientStorage."""
        with self._lock:
            if self.has_ended or not self.is_snapshot:
                return False
            file = self._file = self._file or TemporaryFile()
            until = file.tell() + SPILLED_AT_ONCE_BYTES
            for chunk in self._chunks:
                file.write(chunk)
                if file.tell() >= until:
                    return True
            self._close_source()
            self.is_snapshot = False
            file.seek(0)
            self._chunks = _read(file)
            return False

    def close(self) -> None:
        """Give back whatever the source holds."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._chunks = iter(())
        self._close_source()
        if self._file is not None:
            self._file.close()

    def _close_source(self) -> None:
        if self._close is not None:
            close, self._close = self._close, None
            close()


def spilled(body: bytes, start: int) -> BodyReader:
    """Bytes that are all there, from `start` on, from a file. Raises InsufficientStorage."""
    file = TemporaryFile()
    file.write(memoryview(body)[start:])
    file.seek(0)
    return BodyReader(_read(file), file.close)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
