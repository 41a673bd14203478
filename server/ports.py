"""TCP ports: checked, reserved, and shared between our web processes.

Names like `localhost` lead to 127.0.0.1 in one client and to ::1 in the next, so both are bound.
GROVE_LISTEN names other addresses (`0.0.0.0,::` in a container).
"""

import errno
import socket
import sys

from server import environment

LOOPBACK = "127.0.0.1,::1"
# A client that takes no byte for so long is cut off: its answer would stay in memory for ever.
UNREAD_MAX_MS = 120_000


class PortTaken(Exception):
    """Somebody else listens there; the message says what to do."""


# Linux lets two sockets bind one port when both set SO_REUSEADDR and neither listens, so whoever
# holds the port without listening must not set it; whoever probes must, or connections that are
# still closing after the last run would look like somebody.
PROBE = (socket.SO_REUSEADDR,)
HOLD = (socket.SO_REUSEPORT,)
SHARE = (socket.SO_REUSEADDR, socket.SO_REUSEPORT)


def reserve(port: int, variable: str) -> list[socket.socket]:
    """Make sure that nobody holds the port, then keep it without listening, so that only sockets
    made by `shared` under the same user can join. Raises PortTaken."""
    check(port, variable)
    return _bind_all(port, HOLD, variable)


def check(port: int, variable: str) -> None:
    """Make sure that nobody listens on the port. Raises PortTaken."""
    for probe in _bind_all(port, PROBE, variable):
        probe.close()


def shared(port: int, variable: str = "GROVE_PORT") -> list[socket.socket]:
    """Sockets bound to the port on every address, ready to listen. Raises PortTaken."""
    sockets = _bind_all(port, SHARE, variable)
    for each in sockets:
        if sys.platform == "linux":  # accepted sockets inherit it
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MAX_MS)
    return sockets


def _bind_all(port: int, options: tuple[int, ...], variable: str) -> list[socket.socket]:
    bound = [_bind(address, port, options, variable) for address in addresses()]
    return [each for each in bound if each is not None]


def addresses() -> list[str]:
    """The addresses to listen on."""
    return environment.text("GROVE_LISTEN", LOOPBACK).split(",")


def _bind(address: str, port: int, options: tuple[int, ...], variable: str) -> socket.socket | None:
    """A bound socket; None where the machine lacks the address (no IPv6)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return None  # no such address family here
    for option in options:
        made.setsockopt(socket.SOL_SOCKET, option, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        made.bind((address, port))
    except OSError as reason:
        made.close()
        if reason.errno == errno.EADDRNOTAVAIL:
            return None
        raise PortTaken(_sentence(address, port, variable, reason)) from reason
    return made


def _sentence(address: str, port: int, variable: str, reason: OSError) -> str:
    if reason.errno == errno.EADDRINUSE:
        return f"Port {port} is already in use. Stop what holds it, or set {variable}."
    return f"Cannot listen on {address} port {port}: {reason.strerror}. Set {variable}."
