"""TCP connections by network: how many at a time, and how many new ones, in one web process.

Whoever has too many is turned away at accept, before a byte is read: a connection costs memory and
a file, and a WebSocket handshake that ends in 429 costs more than the request that it was. The
wider network around (server.net.client_networks) has ten times as many. Reverse proxies are exempt,
since everybody's connections come from them, and so are the operator's own machines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from server import environment
from server.net.client_networks import WIDE_TIMES, client_of
from server.web import proxy_headers
from server.web.process_limits import NETWORK_CONNECTIONS, NETWORK_NEW_CONNECTIONS

MINUTE_S = 60.0
KNOWN_MAX = 50_000  # networks that are remembered


@dataclass(slots=True)
class _Network:
    open_count: int
    new_left: float  # may be opened at once; grows by the minute
    seen_at: float


class NetworkConnections:
    """Counts them; belongs to the event loop. `at_once` 0: nobody is counted."""

    def __init__(
        self, at_once: int, new_a_minute: int, exempt: Sequence[proxy_headers.Network] = ()
    ) -> None:
        self._at_once = at_once
        self._new_a_minute = new_a_minute
        self._exempt = tuple(exempt)
        self._known: dict[tuple[str, int], _Network] = {}

    def admit(self, address: str) -> bool:
        """Whether there is room for one more of this address; if so it is counted."""
        if not self._is_counted(address):
            return True
        found = [self._of(*key) for key in _keys(address)]
        if any(
            each.open_count >= self._at_once * times or each.new_left < 1 for each, times in found
        ):
            return False
        for each, _ in found:
            each.open_count += 1
            each.new_left -= 1
        return True

    def leave(self, address: str) -> None:
        """One that was admitted is closed."""
        if self._is_counted(address):
            for key in _keys(address):
                self._known[key].open_count -= 1

    def _is_counted(self, address: str) -> bool:
        return bool(self._at_once) and not proxy_headers.is_among(address, self._exempt)

    def _of(self, name: str, times: int) -> tuple[_Network, int]:
        now, most = monotonic(), float(self._new_a_minute * times)
        each = self._known.get((name, times))
        if each is None:
            if len(self._known) >= KNOWN_MAX:
                self._known = {key: each for key, each in self._known.items() if each.open_count}
            each = self._known[name, times] = _Network(0, most, now)
        each.new_left = min(most, each.new_left + (now - each.seen_at) / MINUTE_S * most)
        each.seen_at = now
        return each, times


def from_environment() -> NetworkConnections:
    """As the settings have it: docs/operators/configuration.md, "Environment"."""
    trusted = environment.text("GROVE_TRUSTED_PROXIES")
    hops, front_doors = proxy_headers.parse_trusted(trusted) if trusted else (0, ())
    own = environment.networks("GROVE_RATE_LIMIT_BYPASS_IPS")
    is_counting = environment.text("GROVE_RATE_LIMITS", "on") != "off" and not hops
    return NetworkConnections(
        NETWORK_CONNECTIONS if is_counting else 0,
        NETWORK_NEW_CONNECTIONS,
        (*front_doors, *proxy_headers.parse_trusted(",".join(own))[1]) if own else front_doors,
    )


def _keys(address: str) -> Iterator[tuple[str, int]]:
    client = client_of(address)
    yield client.name, 1
    if client.wide != client.name:
        yield client.wide, WIDE_TIMES
