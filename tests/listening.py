"""A server on the test's event loop, whose end waits for nobody.

From Python 3.12 on asyncio's own waits until every client has left, for ever if one does not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    handler: Handler, host: str = "localhost", **options: Any
) -> AsyncIterator[int]:
    """The port of a server that `handler` speaks for."""
    server = await asyncio.start_server(handler, host, 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
