"""Sockets that our web processes share."""

import errno
import socket
import sys

import pytest

from server import ports


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="the socket option is Linux'")
def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "UNREAD_MAX_MS", 300)
    listener = ports.shared(free_port())[0]
    listener.listen()
    with socket.create_connection(listener.getsockname()), listener:
        ours, _ = listener.accept()
        ours.settimeout(20)
        with ours, pytest.raises(TimeoutError) as cut_off:
            ours.sendall(bytes(100_000_000))
    assert cut_off.value.errno == errno.ETIMEDOUT


def test_several_processes_share_a_port() -> None:
    port = free_port()
    first, second = ports.shared(port)[0], ports.shared(port)[0]
    with first, second:
        first.listen()
        second.listen()
