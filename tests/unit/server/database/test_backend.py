"""A process has its share of Postgres's connections, and no more."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections

from server.database.backend import base
from server.database.connection import is_outage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(base, "places", base.Places())
    monkeypatch.setattr(base, "share", lambda: 2)
    monkeypatch.setattr(base, "WAITS_S", 0.1)


def ask(hold: threading.Barrier | None = None) -> bool:
    try:
        connection.ensure_connection()
        if hold is not None:
            hold.wait(60)
        return connection.connection is not None
    finally:
        connections.close_all()


def test_beyond_its_share_a_process_says_that_it_is_an_outage() -> None:
    hold = threading.Barrier(3)
    with ThreadPoolExecutor(3) as threads:
        held = [threads.submit(ask, hold) for _ in range(2)]
        while hold.n_waiting < 2:
            threading.Event().wait(0.01)
        with pytest.raises(OperationalError) as refused:
            threads.submit(ask).result(60)
        hold.wait(60)
        assert [each.result(60) for each in held] == [True, True]
    assert is_outage(refused.value)


def test_a_place_that_was_left_is_taken_again() -> None:
    with ThreadPoolExecutor(1) as threads:
        assert [threads.submit(ask).result(60) for _ in range(5)] == [True] * 5


@pytest.mark.parametrize(("web", "places"), [(1, 72), (2, 31), (3, 17)])
def test_all_web_processes_together_leave_room_for_the_others(
    monkeypatch: pytest.MonkeyPatch, web: int, places: int
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("GROVE_WORKERS", str(web))
    monkeypatch.delenv("GROVE_DATABASE_CONNECTIONS", raising=False)
    assert base.share() == places
    assert web * (places + 10) + 18 <= 100
