"""Running the sequencer in tests: the real process, or its function called once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from server.database import connection
from server.database.connection import conninfo


def number(limit: int = 10_000) -> int:
    """Number what is pending, on this test's own connection."""
    found = connection.row("SELECT number_pending_events(%s::int)", (limit,))
    assert found is not None
    return int(found[0])


def number_labels(limit: int = 10_000) -> int:
    """Number what labels are pending."""
    found = connection.row("SELECT number_pending_labels(%s::int)", (limit,))
    assert found is not None
    return int(found[0])


def start() -> "subprocess.Popen[bytes]":
    """`python -m repos.events.sequencer` on the tests' database."""
    environment = {**os.environ, "DATABASE_URL": conninfo()}
    return subprocess.Popen([sys.executable, "-m", "repos.events.sequencer"], env=environment)


@contextmanager
def running() -> Iterator["subprocess.Popen[bytes]"]:
    process = start()
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(100) in (0, -signal.SIGTERM)  # the latter: before it was up
