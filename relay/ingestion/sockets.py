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
ADDRESSES_TRIED: Final = 4  # IPv6 and IPv4 by turns
PING_S: Final = 30.0
_PATH: Final = "/xrpc/com.atproto.sync.subscribeRepos"


class Refused(Exception):
    """The host cannot be read: why."""


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """No redirects: they could lead anywhere."""
        return exc


@asynccontextmanager
async def opened(host: str, cursor: int | None, frames: int = 1) -> AsyncIterator[ClientConnection]:
    """A host's firehose after a cursor, or from now on; so many frames wait in the socket. Raises
    Refused, OSError."""
    name = host.partition(":")[0]
    try:
        found = await addresses.checked(name)
    except RequestFailed as failure:
        raise Refused(str(failure)) from failure
    connection = await _connected(host, found[:ADDRESSES_TRIED], cursor, frames)
    try:
        about_host = connection.response.headers if connection.response else {}
        if names.RELAY in about_host.get("Server", ""):
            raise Refused("the host is a relay itself")
        yield connection
    finally:
        await connection.close()


async def _connected(
    host: str, found: list[str], cursor: int | None, frames: int
) -> ClientConnection:
    """A socket to the first of the addresses where somebody answers. Raises Refused, OSError."""
    failure: OSError = OSError("no address")
    for address in found:
        try:
            return await _socket(host, address, cursor, frames)
        except (InvalidHandshake, InvalidURI) as refusal:
            raise Refused(f"{type(refusal).__name__}: {refusal}") from refusal
        except OSError as fault:  # TimeoutError is one
            failure = fault
    raise failure


def _socket(host: str, address: str, cursor: int | None, frames: int) -> _Connect:
    name, _, port = host.partition(":")
    is_local = names.is_local(host)
    query = "" if cursor is None else f"?cursor={cursor}"
    about: dict[str, Any] = {"host": address, "port": int(port or (80 if is_local else 443))}
    if not is_local:
        about |= {"ssl": ssl.create_default_context(), "server_hostname": name}
    return _Connect(
        f"{'ws' if is_local else 'wss'}://{host}{_PATH}{query}",
        compression=None,
        user_agent_header=names.HEADERS["User-Agent"],
        proxy=None,
        open_timeout=CONNECT_S,
        close_timeout=1.0,
        ping_interval=PING_S,
        ping_timeout=PING_S,
        max_size=MAX_FRAME_BYTES,
        max_queue=(frames, 1 if frames > 1 else 0),
        **about,
    )
