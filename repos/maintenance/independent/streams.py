"""Frames of a firehose through the client of `websockets`, from any URL that the operator names.

An operator's URL may lead wherever they like, as one in the settings; redirects are not followed
and no proxy of the environment is asked, so that it leads nowhere else. A frame's size is bounded.
"""

import socket
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, WebSocketException
from websockets.sync.client import ClientConnection, connect

from server.version import VERSION

METHOD: Final = "/xrpc/com.atproto.sync.subscribeRepos"
FRAME_MAX_BYTES: Final = 5_000_000  # the protocol's limit of a message
CONNECT_TIMEOUT_S: Final = 15.0
_SCHEMES: Final = {"ws": 80, "http": 80, "wss": 443, "https": 443}


class StreamFailed(Exception):
    """The stream cannot be read, or broke off; the message says why."""


@dataclass(frozen=True)
class Source:
    """Where a stream is: its name and whether by TLS, and the address to connect to."""

    name: str
    is_tls: bool
    address: tuple[str, int]

    @classmethod
    def at(cls, url: str) -> "Source":
        """The stream of the host at a URL. Raises StreamFailed."""
        try:
            parts = urlsplit(url)
            port = parts.port or _SCHEMES[parts.scheme]
        except (ValueError, KeyError):
            raise StreamFailed(f"not the URL of a host: {url}") from None
        has_more = parts.username or parts.query or parts.fragment
        if not parts.hostname or has_more or parts.path not in {"", "/", METHOD}:
            raise StreamFailed(f"name a host, as in https://pds.example.org: {url}")
        is_tls = parts.scheme in {"wss", "https"}
        return cls(parts.netloc, is_tls, (parts.hostname, port))


def frames(source: Source, cursor: int | None) -> Generator[bytes, None, None]:
    """The frames of a stream until it ends or the caller stops. Raises StreamFailed."""
    try:
        with _connected(source, cursor) as connection:
            yield from _received(connection)
    except ConnectionClosedOK:
        return
    except ConnectionClosed as fault:
        raise StreamFailed(f"the connection was closed: {fault}") from fault
    except (WebSocketException, OSError, ValueError) as fault:
        raise StreamFailed(f"no stream at {source.name}: {fault}") from fault


def _connected(source: Source, cursor: int | None) -> ClientConnection:
    query = "" if cursor is None else "?" + urlencode({"cursor": cursor})
    scheme = "wss" if source.is_tls else "ws"
    wire = socket.create_connection(source.address, timeout=CONNECT_TIMEOUT_S)
    try:
        return connect(
            f"{scheme}://{source.name}{METHOD}{query}",
            sock=wire,  # a redirect cannot be followed with it
            proxy=None,
            compression=None,
            open_timeout=CONNECT_TIMEOUT_S,
            max_size=FRAME_MAX_BYTES,
            user_agent_header=f"Grove/{VERSION} (firehose tail)",
            legacy=True,
        )
    except BaseException:
        wire.close()
        raise


def _received(connection: ClientConnection) -> Generator[bytes, None, None]:
    while True:
        frame = connection.recv()
        if not isinstance(frame, bytes):
            raise StreamFailed("a message of text")
        yield frame
