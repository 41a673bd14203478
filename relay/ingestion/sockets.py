"""The socket to a host's firehose: only to public addresses, without redirects, of bounded size."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from relay.hosts import names
from relay.verification.envelope import MAX_FRAME_BYTES
from server.net.http_client import addresses
from server.net.http_client.errors import RequestFailed

CONNECT_S: Final = 10.0
PING_S: Final = 30.0
_PATH: Final = "/xrpc/com.atproto.sync.subscribeRepos"


class Refused(Exception):
    """The host cannot be read: why."""


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """No redirects: they could lead anywhere."""
        return exc


@asynccontextmanager
async def opened(host: str, cursor: int | None) -> AsyncIterator[ClientConnection]:
    """A host's firehose after a cursor, or from now on. Raises Refused, OSError."""
    name, _, port = host.partition(":")
    try:
        address = (await addresses.checked(name))[0]
    except RequestFailed as failure:
        raise Refused(str(failure)) from failure
    is_local = names.is_local(host)
    query = "" if cursor is None else f"?cursor={cursor}"
    about: dict[str, Any] = {"host": address, "port": int(port or (80 if is_local else 443))}
    if not is_local:
        about |= {"ssl": ssl.create_default_context(), "server_hostname": name}
    socket = _Connect(
        f"{'ws' if is_local else 'wss'}://{host}{_PATH}{query}",
        compression=None,
        user_agent_header=names.HEADERS["User-Agent"],
        proxy=None,
        open_timeout=CONNECT_S,
        close_timeout=1.0,
        ping_interval=PING_S,
        ping_timeout=PING_S,
        max_size=MAX_FRAME_BYTES,
        max_queue=(4, 1),
        **about,
    )
    try:
        connection = await socket
    except (InvalidHandshake, InvalidURI, TimeoutError) as failure:
        raise Refused(f"{type(failure).__name__}: {failure}") from failure
    try:
        about_host = connection.response.headers if connection.response else {}
        if names.RELAY in about_host.get("Server", ""):
            raise Refused("the host is a relay itself")
        yield connection
    finally:
        await connection.close()
