"""The tests' own Postgres and Valkey: real, embedded, in a temporary folder, gone afterwards.

DATABASE_URL and VALKEY_URL from the environment win. Only fsync is off: a crash of the test machine
may lose the tests' database.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from hosting import secret_files
from hosting.embedded import postgres, valkey


def start() -> None:
    """Point the environment at a data folder and services of this test session's own."""
    data = Path(tempfile.mkdtemp(prefix="grove-tests-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["GROVE_DATA"] = str(data)
    secret_files.create_missing(data)
    if not os.environ.get("DATABASE_URL"):
        database = postgres.start(data, {"fsync": "off", "synchronous_commit": "off"})
        atexit.register(database.stop)
        os.environ["DATABASE_URL"] = database.url
    if not os.environ.get("VALKEY_URL"):
        broker = valkey.start(data)
        atexit.register(broker.stop)
        os.environ["VALKEY_URL"] = broker.url
