"""A process held up at a statement by a trigger, and killed there with SIGKILL.

Its statement may then still come to an end, since Postgres notices late, or end with it: both can
be asked for. The process is a child of a worker that forks for each command (`serve`), and its
connection is called `repo_worker`: that is whom the triggers hold up.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from server.database import connection as database
from server.database.connection import conninfo
from tests.running import ROOT

LOCK = 4242
TIMEOUT_S = 200
HOLD = """
    CREATE OR REPLACE FUNCTION hold_repo_worker() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('application_name') = 'repo_worker' THEN
            PERFORM pg_advisory_xact_lock_shared(4242);
        END IF;
        RETURN NULL;
    END $$
"""
HELD = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
WORKERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'repo_worker'"


@contextmanager
def worker(module: str) -> Iterator["subprocess.Popen[str]"]:
    """The process whose children are killed; begin it when the database's name is known."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": conninfo(), "VALKEY_URL": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(TIMEOUT_S)


def serve(verbs: Mapping[str, Callable[..., object]]) -> None:
    """Such a worker's work until its input ends: read a verb and its arguments a line (JSON), fork,
    say the child's process id, and when the child is gone how it ended."""
    for line in io.TextIOWrapper(sys.stdin.buffer):
        name, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(_do(verbs[name], arguments))
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


@contextmanager
def held_up(step: str, moment: str) -> Iterator[None]:
    """The process to kill waits before or after this statement: `UPDATE job`; or after the row of
    it of which something is so: `UPDATE job WHEN NEW.done_count = 1`."""
    (operation, table, *rest) = step.split(" ", 3)
    condition = rest[1] if rest else ""
    each = "ROW WHEN ({condition})" if condition else "STATEMENT"
    trigger = sql.SQL(
        "CREATE TRIGGER hold_repo_worker {moment} {operation} ON {table}"
        f" FOR EACH {each} EXECUTE FUNCTION hold_repo_worker()"
    ).format(
        moment=sql.SQL(moment),
        operation=sql.SQL(operation),
        table=sql.Identifier(table),
        condition=sql.SQL(condition),
    )
    database.hot().execute(HOLD)
    database.hot().execute(trigger)
    try:
        yield
    finally:
        drop = sql.SQL("DROP TRIGGER hold_repo_worker ON {}").format(sql.Identifier(table))
        database.hot().execute(drop)


def kill_held(parent: "subprocess.Popen[str]", command: list[str], ending: str, where: str) -> None:
    assert parent.stdin is not None
    assert parent.stdout is not None
    with psycopg.connect(conninfo(), autocommit=True) as gaoler:
        gaoler.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        parent.stdin.write(json.dumps(command) + "\n")
        parent.stdin.flush()
        child = int(parent.stdout.readline())
        backend = await_one(gaoler, HELD, (LOCK,), where)
        os.kill(child, signal.SIGKILL)
        assert int(parent.stdout.readline()) == -signal.SIGKILL, where
        if ending == "rolled back":
            gaoler.execute("SELECT pg_terminate_backend(%s)", (backend,))
    with psycopg.connect(conninfo(), autocommit=True) as watcher:
        await_none(watcher)


def await_one(watcher: psycopg.Connection, query: str, values: tuple[int], where: str) -> int:
    deadline = time.monotonic() + TIMEOUT_S
    while not (found := watcher.execute(query, values).fetchone()):
        assert time.monotonic() < deadline, f"nobody came by at {where}"
        time.sleep(0.005)
    return int(found[0])


def await_none(watcher: psycopg.Connection) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while watcher.execute(WORKERS).fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _do(verb: Callable[..., object], arguments: list[Any]) -> int:
    try:
        database.hot().execute("SET application_name = 'repo_worker'")
        verb(*arguments)
    except Exception:  # noqa: BLE001 - a child of this process has nobody above it
        traceback.print_exc()
        return 1
    return 0


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
