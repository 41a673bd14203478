"""How many connections a network may have, and who is not counted."""

import socket
from ipaddress import ip_network

import pytest

from server.net.client_networks import WIDE_TIMES
from server.web.connections import network_connections
from server.web.connections.http_protocol import HttpProtocol
from server.web.connections.network_connections import NetworkConnections
from tests.unit.server.web.connections.test_http_protocol import REQUEST, hello
from tests.unit.server.web.connections.test_websocket_protocol import HANDSHAKE, Flood, served


def test_a_network_has_so_many_at_a_time() -> None:
    counted = NetworkConnections(2, 100)
    assert [counted.admit("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert counted.admit("192.0.2.2")
    counted.leave("192.0.2.1")
    assert counted.admit("192.0.2.1")


def test_a_network_opens_so_many_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(network_connections, "monotonic", lambda: now)
    counted = NetworkConnections(9, 2)
    assert [counted.admit("192.0.2.1") for _ in range(3)] == [True, True, False]
    now = 30.0
    assert [counted.admit("192.0.2.1") for _ in range(2)] == [True, False]


def test_the_wider_network_has_ten_times_as_many() -> None:
    counted = NetworkConnections(1, 100)
    assert all(counted.admit(f"192.0.2.{number}") for number in range(WIDE_TIMES))
    assert not counted.admit("192.0.2.200")
    assert counted.admit("198.51.100.1")


def test_an_ipv6_customer_is_one_network() -> None:
    counted = NetworkConnections(1, 100)
    assert counted.admit("2001:db8::1")
    assert not counted.admit("2001:db8::2")


def test_who_is_forgotten_had_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_connections, "KNOWN_MAX", 2)
    counted = NetworkConnections(1, 100)
    assert counted.admit("127.0.0.1")
    for number in range(2, 9):
        assert counted.admit(f"127.0.0.{number}")
        counted.leave(f"127.0.0.{number}")
    assert not counted.admit("127.0.0.1")


def test_reverse_proxies_are_not_counted() -> None:
    counted = NetworkConnections(1, 100, [ip_network("192.0.2.0/24")])
    assert all(counted.admit("192.0.2.1") for _ in range(9))
    counted.leave("192.0.2.1")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GROVE_TRUSTED_PROXIES", "192.0.2.1"),
        ("GROVE_TRUSTED_PROXIES", "1"),
        ("GROVE_RATE_LIMIT_BYPASS_IPS", "192.0.2.0/24"),
        ("GROVE_RATE_LIMITS", "off"),
    ],
)
def test_settings_say_who_is_not_counted(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("GROVE_RATE_LIMITS", "on")
    monkeypatch.setattr(network_connections, "NETWORK_CONNECTIONS", 1)
    assert not _has_room_for_two()
    monkeypatch.setenv(variable, value)
    assert _has_room_for_two()


def _has_room_for_two() -> bool:
    counted = network_connections.from_environment()
    return [counted.admit("192.0.2.1") for _ in range(2)] == [True, True]


def _counted(most: int) -> type[HttpProtocol]:
    class Counted(HttpProtocol):
        per_network = NetworkConnections(most, 100)

    return Counted


def test_one_too_many_is_closed_unread_and_makes_room_when_another_ends() -> None:
    with served(hello, http=_counted(1), lifespan="off") as port:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as first:
            first.sendall(REQUEST)
            assert first.recv(1_000).startswith(b"HTTP/1.1 204")
            with socket.create_connection(("127.0.0.1", port), timeout=60) as second:
                assert second.recv(1_000) == b""
            first.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while first.recv(1_000):
                pass
        with socket.create_connection(("127.0.0.1", port), timeout=60) as third:
            third.sendall(REQUEST)
            assert third.recv(1_000).startswith(b"HTTP/1.1 204")


def test_a_websocket_counts_until_it_ends() -> None:
    counted = _counted(1)
    with (
        served(Flood(), http=counted, lifespan="off") as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as first,
    ):
        first.sendall(HANDSHAKE)
        assert first.recv(1_000).startswith(b"HTTP/1.1 101")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as second:
            assert second.recv(1_000) == b""
    assert counted.per_network.admit("127.0.0.1")
