"""Sending of a part of a file on a connection: threads send, the event loop waits for the client.

How slowly the client may take it is up to server.web.connections.slow_clients, as with all answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from server.web.bodies.file_parts import FilePart
from server.web.connections.slow_clients import SlowClientGuard

Run = Callable[[Callable[[], bool]], Awaitable[bool]]
Wait = Callable[[Awaitable[None]], Awaitable[None]]
_FLUSH_PAUSE_S: Final = 0.005


class _Unsent:
    """What a SlowClientGuard asks of a transport, about a part that does not pass through it."""

    def __init__(self, transport: asyncio.Transport, part: FilePart) -> None:
        self.abort = transport.abort
        self._transport = transport
        self._part = part

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size() + self._part.left


class FileSender:
    """One part on its way. `wake` it when the connection is lost: uvloop tells nobody who waits for
    a socket that it has an error."""

    def __init__(self, transport: asyncio.Transport, part: FilePart) -> None:
        self._transport = transport
        self._part = part
        self._is_writable: asyncio.Future[None] | None = None

    async def send(
        self, run: Run, count: Callable[[int], None], wait: Wait, stalled_s: float
    ) -> None:
        """Send all of it, behind what the transport was given before. Raises OSError when the
        client has gone, FileTooShort, and what `run` and `wait` raise."""
        part, unsent = self._part, _Unsent(self._transport, self._part)
        guard = SlowClientGuard(asyncio.get_running_loop(), cast("Any", unsent), stalled_s)
        guard.begin()
        try:
            await asyncio.sleep(0)
            if self._transport.get_write_buffer_size():
                await wait(self._flushed())
            part.connect(self._transport.get_extra_info("socket").fileno())
            while part.left:
                self._refuse_lost()
                before = part.left
                is_full = await run(part.send_some)
                count(before - part.left)
                if is_full:
                    await wait(self._writable())
        finally:
            guard.end()

    def wake(self) -> None:
        """Something happened on the connection."""
        if self._is_writable is not None and not self._is_writable.done():
            self._is_writable.set_result(None)

    def _refuse_lost(self) -> None:
        if self._transport.is_closing():
            raise ConnectionResetError("the client has gone")

    async def _flushed(self) -> None:
        """Return when the transport holds nothing back."""
        while self._transport.get_write_buffer_size():
            self._refuse_lost()
            await asyncio.sleep(_FLUSH_PAUSE_S)

    async def _writable(self) -> None:
        """Return when the socket takes bytes again, or is lost."""
        loop = asyncio.get_running_loop()
        self._is_writable = loop.create_future()
        loop.add_writer(self._part.socket, self.wake)
        try:
            await self._is_writable
        finally:
            loop.remove_writer(self._part.socket)
            self._is_writable = None
