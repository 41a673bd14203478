"""Parts of files as response bodies, which the kernel copies from its cache to the socket.

Source: sendfile(2). No byte of them passes through this process. Threads send, because a disk may
be slow; the event loop waits for the client (server.web.connections.file_sending).
"""

import os
import threading
from typing import IO, Final, Self

# An ASGI extension of this server: a message of this type has the rest of a body whose length was
# announced. `part` is a FilePart, `run(work)` runs work in a thread, `count(bytes)` is told what
# was sent, `wait(work)` awaits what waits for the client.
FILE: Final = "http.response.file"
SENT_AT_ONCE_BYTES: Final = 1_048_576  # by a thread, before it looks after others
_ASKED_BYTES: Final = 262_144


class FileTooShort(Exception):
    """The file ends before the part does."""


class FilePart:
    """The bytes of an open file from `first` up to `after`, on their way to one socket.

    Methods may be called by any thread, one at a time; `close` may come while one of them sends.
    """

    def __init__(self, file: IO[bytes], first: int, after: int) -> None:
        self.left = after - first
        self.socket = -1
        self._at = first
        self._file: IO[bytes] | None = file
        self._lock = threading.Lock()

    @classmethod
    def of(cls, file: IO[bytes], first: int, after: int) -> Self | None:
        """The part, where the kernel knows the file: an object of S3 is none."""
        try:
            file.fileno()
        except OSError:
            return None
        return cls(file, first, after)

    def connect(self, number: int) -> None:
        """Where it goes: a socket's file number, of which a copy is kept until `close`."""
        self.socket = os.dup(number)

    def send_some(self) -> bool:
        """Send until the socket is full, which is True, or for SENT_AT_ONCE_BYTES. Raises OSError
        when the client has gone, FileTooShort."""
        with self._lock:
            most = min(self.left, SENT_AT_ONCE_BYTES)
            while most and self._file is not None:
                try:
                    sent = os.sendfile(
                        self.socket, self._file.fileno(), self._at, min(most, _ASKED_BYTES)
                    )
                except BlockingIOError:
                    return True
                if not sent:
                    raise FileTooShort
                self._at, self.left, most = self._at + sent, self.left - sent, most - sent
            return False

    def close_if_idle(self) -> bool:
        """Close file and socket, unless a thread sends right now."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        """Close file and socket, when a thread that sends has done so."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self.socket >= 0:
            os.close(self.socket)
            self.socket = -1
