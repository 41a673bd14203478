"""Deadlines for a whole exchange on a blocking socket.

A socket's time-out begins anew with every byte: a server that drips its headers, or the size of a
chunk, would hold a thread for as long as it likes. At the deadline the socket is shut down, and
whatever waits on it ends.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType

_here = threading.local()


class Deadline:
    """`with Deadline(seconds) as deadline:` around everything that the sockets given to `watch` are
    used for in this thread. `has_cut` tells whether one of them was shut down."""

    def __init__(self, seconds: float) -> None:
        self.has_cut = False
        self._is_past = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        _here.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self.watch(None)  # it may be somebody else's from now on
        _here.deadline = None

    def watch(self, connected: socket.socket | None) -> None:
        """The socket on which this thread is about to wait: not at all, past the deadline."""
        with self._lock:
            self._socket = connected
        if self._is_past:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self._is_past = True
            if self._socket is None:
                return
            self.has_cut = True
            with suppress(OSError):
                # Not SSLSocket's: it would forget its TLS while another thread reads
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def watch(connected: socket.socket | None) -> None:
    """Put a socket under this thread's deadline, where there is one."""
    deadline: Deadline | None = getattr(_here, "deadline", None)
    if deadline is not None:
        deadline.watch(connected)
