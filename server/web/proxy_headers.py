"""Reverse proxies' headers: the client's address from `X-Forwarded-For`, read from the right.

Each trusted proxy appends the address that it was called from, so the last entries are its word and
all further to the left is whatever the client made up. `GROVE_TRUSTED_PROXIES` says whom to trust:
addresses and networks of the reverse proxies, or how many of them there are (`1`), where their
addresses are not known beforehand. Nobody is trusted by default.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
Network = IPv4Network | IPv6Network

HOPS_MAX = 10
_SCHEMES = {"http", "https", "ws", "wss"}


class BehindProxies:
    """An ASGI application that finds the real client and scheme in its scope."""

    def __init__(self, app: App, trusted: str) -> None:
        self._app: Any = app
        self._hops, self._networks = parse_trusted(trusted)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            self._settle(scope)
        await self._app(scope, receive, send)

    def refusal_of(self, scope: Scope) -> Any:
        """What the application says of a handshake before it is one (hosting.edge_limits)."""
        self._settle(scope)
        return self._app.refusal_of(scope)

    def _settle(self, scope: Scope) -> None:
        peer = scope["client"][0] if scope.get("client") else ""
        if not self._hops and not is_among(peer, self._networks):
            return
        forwarded = _header(scope, b"x-forwarded-for")
        client = self._client([entry.strip() for entry in forwarded.split(",") if entry.strip()])
        if client:
            scope["client"] = (client, 0)
        proto = _header(scope, b"x-forwarded-proto").rpartition(",")[2].strip().lower()
        if proto in _SCHEMES:
            is_socket = scope["type"] == "websocket"
            scope["scheme"] = proto.replace("http", "ws") if is_socket else proto

    def _client(self, entries: Sequence[str]) -> str:
        """The address that the outermost trusted proxy saw; empty when no entry tells."""
        if self._hops:
            return _address(entries[-min(self._hops, len(entries))]) if entries else ""
        for entry in reversed(entries):
            address = _address(entry)
            if not address or not is_among(address, self._networks):
                return address
        return _address(entries[0]) if entries else ""


def parse_trusted(text: str) -> tuple[int, tuple[Network, ...]]:
    """GROVE_TRUSTED_PROXIES as a number of proxies or as their networks. Raises SystemExit with a
    sentence when it is neither."""
    if text.isdecimal() and 0 < int(text) <= HOPS_MAX:
        return int(text), ()
    try:
        listed = [each.strip() for each in text.split(",") if each.strip()]
        return 0, tuple(ip_network(each, strict=False) for each in listed)
    except ValueError:
        raise SystemExit(
            "GROVE_TRUSTED_PROXIES must be a number of proxies or list their IP addresses,"
            f" not {text!r}."
        ) from None


@lru_cache(maxsize=4_096)
def is_among(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in networks)


def _address(entry: str) -> str:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80` -> the address; empty for
    anything else."""
    host = entry[1:].partition("]")[0] if entry.startswith("[") else entry
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return ""


def _header(scope: Scope, name: bytes) -> str:
    """All values of a header, joined as one list."""
    values = [value for each, value in scope["headers"] if each == name]
    return b",".join(values).decode("latin-1")
