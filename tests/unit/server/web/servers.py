"""A real server on a free port around a WSGI application, for the bridge's tests."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from server.web.asgi_bridge import Bridge
from server.web.bodies.streams import WsgiApp
from server.web.connections.http_protocol import HttpProtocol


async def no_websocket(scope: object, receive: object, send: object) -> None:
    """The bridge's other half, which these tests leave alone."""


@contextmanager
def served(app: WsgiApp, pool: str = "fast") -> Iterator[int]:
    """Serve the application in a thread, every request in one pool; gives the port."""
    bridge = Bridge(http=app, websocket=no_websocket, pool_of=lambda _path, _method: pool)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(bridge, http=HttpProtocol, lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield int(listener.getsockname()[1])
    server.should_exit = True
    thread.join()
