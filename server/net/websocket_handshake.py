"""Whether a WebSocket opens at an address that untrusted parties can influence.

The address is looked up and checked as that of every outgoing request (server.net.http_client), and
the handshake is all that happens: nothing is read of the stream.
"""

import asyncio
import socket
from contextlib import suppress

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from server.net.http_client import Request, RequestFailed
from server.net.http_client.addresses import checked
from server.net.http_client.messages import Place

_CLOSE_S = 1.0
_ADDRESSES_MAX = 2  # IPv6 and IPv4


def opens(url: str, timeout_s: float) -> bool:
    """Whether a WebSocket opens at an http or https URL, within so many seconds an address."""
    with suppress(RequestFailed):
        place = Request("GET", url, {}).place()
        found = asyncio.run(checked(place.host))
        return any(_opens_at(each, place, url, timeout_s) for each in found[:_ADDRESSES_MAX])
    return False


def _opens_at(address: str, place: Place, url: str, timeout_s: float) -> bool:
    target = url.replace("http", "ws", 1)
    try:
        made = socket.create_connection((address, place.port), timeout_s)
        with made, connect(target, sock=made, open_timeout=timeout_s, close_timeout=_CLOSE_S):
            return True
    except (OSError, WebSocketException):
        return False
