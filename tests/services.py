"""The tests' own Postgres and Valkey: real, embedded, in a temporary folder, gone afterwards.

DATABASE_URL and VALKEY_URL from the environment win. Of several test processes (pytest-xdist) each
has services of its own. Postgres writes as little as it can: a crash of the machine may lose the
tests' database.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from server.embedded import postgres, valkey
from server.encryption import secret_files

NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_started: list[str] = []  # the names of what this process set


def start() -> None:
    """Point the environment at a data folder and services of this test session's own."""
    data = Path(tempfile.mkdtemp(prefix="grove-tests-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["GROVE_DATA"] = str(data)
    secret_files.create_missing(data)
    _started.extend(each for each in ("DATABASE_URL", "VALKEY_URL") if not os.environ.get(each))
    if not os.environ.get("DATABASE_URL"):
        database = postgres.start(data, NOT_DURABLE)
        atexit.register(database.stop)
        os.environ["DATABASE_URL"] = database.url
    if not os.environ.get("VALKEY_URL"):
        broker = valkey.start(data)
        atexit.register(broker.stop)
        os.environ["VALKEY_URL"] = broker.url


def leave_to_others() -> None:
    """Let processes that start from now on start services of their own."""
    for name in _started:
        os.environ.pop(name, None)
