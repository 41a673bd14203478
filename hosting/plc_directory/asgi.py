"""The embedded PLC directory behind the same bridge as everything else; it has no WebSockets."""

from collections.abc import Awaitable, Callable
from typing import Any

from hosting.plc_directory.wsgi import application as directory
from server.web.asgi_bridge import Bridge


async def _refuse(
    _scope: dict[str, Any],
    _receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    await send({"type": "websocket.close", "code": 1000})


def _pool_of(_path: str, _method: str) -> str:
    return "fast"


application = Bridge(http=directory, websocket=_refuse, pool_of=_pool_of)
