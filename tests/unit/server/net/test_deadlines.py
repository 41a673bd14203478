"""Deadlines: what waits on a watched socket ends, what is over is left alone."""

import socket
import time
from collections.abc import Iterator

import pytest

from server.net import deadlines


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_whoever_waits_past_the_deadline_hears_the_end(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    began = time.monotonic()
    with deadlines.Deadline(0.05) as deadline:
        deadlines.watch(pair[0])
        assert pair[0].recv(1) == b""
    assert deadline.has_cut
    assert time.monotonic() - began < 60


def test_a_socket_that_comes_after_the_deadline_is_not_waited_for(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    with deadlines.Deadline(0) as deadline:
        deadline._timer.join()
        deadlines.watch(pair[0])
        pair[0].settimeout(60)
        assert pair[0].recv(1) == b""
    assert deadline.has_cut


def test_a_socket_is_left_alone_once_its_exchange_is_over(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    with deadlines.Deadline(0.3) as deadline:
        deadlines.watch(pair[0])
    time.sleep(0.4)
    pair[1].sendall(b"x")
    assert (deadline.has_cut, pair[0].recv(1)) == (False, b"x")


def test_without_a_deadline_nothing_is_watched(pair: tuple[socket.socket, socket.socket]) -> None:
    deadlines.watch(pair[0])
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"
