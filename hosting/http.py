"""The server's HTTP connections: whoever connects has to say what for.

uvicorn closes connections that are silent after an answer. One on which nothing was asked yet, or
whose request never gets to the end of its headers, would stay for ever, and a file with it.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with a time limit for headers."""

    headers_s = 30.0  # from connecting, or from a request's first byte, to the end of its headers
    _headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._expect_headers()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def _expect_headers(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(self.headers_s, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
