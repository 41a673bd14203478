"""Slow uploads: received into a file first, without a thread that waits.

A call of a method that takes bytes has two halves. First who calls, whether they may, and what it
costs; then, once the body is all there, the method itself, in a thread that has nothing left to
wait for. It reads the body from the file, or goes on with the file (`Body.file`).
"""

import io
from collections.abc import Callable, Mapping
from typing import IO, Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from protocol.errors import XrpcError
from server.database import connection
from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile
from server.web.bodies.streams import ChunkedBody
from server.web.deferred_response import Exchange

_POOL = "transfer"
_WRITTEN_AT_ONCE_BYTES = 262_144

Finish = Callable[[IO[bytes]], HttpResponseBase]
Refuse = Callable[[XrpcError], HttpResponse]


def is_still_arriving(meta: Mapping[str, Any]) -> bool:
    """Whether a request's body is still coming in."""
    source = meta["wsgi.input"]
    return isinstance(source, io.BufferedReader) and isinstance(source.raw, ChunkedBody)


class Upload:
    """The responder of one request (server.web.deferred_response). `finish` is given the body and
    answers; one byte more than `limit_bytes` is received, so that it can see what is too long.
    `refuse` answers when there is no room on the disk."""

    def __init__(self, limit_bytes: int, finish: Finish, refuse: Refuse) -> None:
        self._limit_bytes = limit_bytes
        self._finish = finish
        self._refuse = refuse

    async def respond(self, exchange: Exchange) -> None:
        """Receive the body and answer. Raises ClientDisconnected, CutOff, PoolIsFull."""
        assert isinstance(exchange.body, ChunkedBody)  # noqa: S101 - see is_still_arriving
        with TemporaryFile() as file:
            with exchange.transfers.admit(exchange.client) as transfer:
                work = self._receive(exchange, exchange.body, file, transfer.count)
                try:
                    await transfer.until_cut(work)
                except InsufficientStorage as refusal:
                    response = self._refuse(refusal)
                    headers = list(response.items())
                    await exchange.answer(response.status_code, headers, response.content)
                    return
            answer = await exchange.run(_POOL, lambda: self._finished(file))
        body = b"".join(answer)  # JSON or a page: small
        await exchange.answer(answer.status_code, list(answer.items()), body)

    async def _receive(
        self,
        exchange: Exchange,
        body: ChunkedBody,
        file: IO[bytes],
        count: Callable[[int], None],
    ) -> None:
        """Raises InsufficientStorage, once all is read: who is still sending hears no answer."""
        pieces: list[bytes] = []
        held = size = 0
        refusal: InsufficientStorage | None = None
        async for piece in body.remaining():
            pieces.append(piece)
            held, size = held + len(piece), size + len(piece)
            count(len(piece))
            if held >= _WRITTEN_AT_ONCE_BYTES:
                refusal = refusal or await _written(exchange, file, pieces)
                pieces, held = [], 0
            if size > self._limit_bytes:
                break
        refusal = refusal or await _written(exchange, file, pieces)
        if refusal is not None:
            raise refusal

    def _finished(self, file: IO[bytes]) -> HttpResponseBase:
        connection.drop_if_hung_up()
        file.seek(0)
        return self._finish(file)


async def _written(
    exchange: Exchange, file: IO[bytes], pieces: list[bytes]
) -> InsufficientStorage | None:
    """Write pieces down; the refusal, when the disk is nearly full."""

    def write() -> InsufficientStorage | None:
        try:
            file.writelines(pieces)
        except InsufficientStorage as refusal:
            return refusal
        return None

    return await exchange.run(_POOL, write)
