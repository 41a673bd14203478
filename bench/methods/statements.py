"""Statements that Postgres executes for a call: its log, made to tell all of them for a while.

What a process of ours asks now and then by itself is left out: a statement belongs to a call when
it was executed at least once for each of CALLS calls. Those that begin and end transactions are not
counted. The sequencer's and the worker's for a call are.
"""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Final

import psycopg

from bench.compare import client
from bench.compare.servers import Server
from bench.methods.calls import MethodCall
from bench.methods.stage import Stage
from server.embedded.postgres import DATABASE, ROLE
from server.embedded.service_user import log_file, service_folders
from server.encryption import secret_files

CALLS: Final = 12
WARM: Final = 12
_GOOD_IN_A_ROW, _TRIES = 50, 1_000
_SAID: Final = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")
_TRANSACTION: Final = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |DEALLOCATE)")


def tell_all(server: Server) -> None:
    """Have Postgres write every statement into its log, of connections that are made from now on;
    the ones that are there are ended, and Grove makes others."""
    with psycopg.connect(_conninfo(server), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {DATABASE} SET log_statement = 'all'")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def settle(stage: Stage) -> None:
    """Wait until every thread of the fast pools has a connection again. Raises WrongAnswer."""
    asked = stage.query("com.atproto.server.listAppPasswords", stage.author.jwt)
    connection, good, tries = await client.connect(stage.address), 0, 0
    while good < _GOOD_IN_A_ROW:
        status, body = await connection.exchange(next(asked))
        good, tries = good + 1 if status == 200 else 0, tries + 1
        if tries > _TRIES:
            raise client.WrongAnswer(f"after the connections were ended: {status} {body[:200]!r}")
        await asyncio.sleep(0.02)
    connection.close()


async def count(call: MethodCall, stage: Stage) -> int:
    """How many statements a warm call takes. Raises WrongAnswer."""
    requests = await call.prepare(stage, WARM + CALLS)
    connection = await client.connect(stage.address)
    log = _log(stage.server)
    try:
        for _ in range(WARM):
            await connection.exchange(next(requests))
        begun = log.stat().st_size
        for _ in range(CALLS):
            status, body = await connection.exchange(next(requests))
            if status != 200:
                raise client.WrongAnswer(f"{call.nsid}: {status} {body[:200]!r}")
    finally:
        connection.close()
    with log.open("rb") as told:
        told.seek(begun)
        return in_log(told.read().decode(errors="replace"))


def in_log(told: str, calls: int = CALLS) -> int:
    """The statements of each of so many calls, by what the log says of all."""
    said = Counter(text for text in _SAID.findall(told) if not _TRANSACTION.match(text))
    return sum(times // calls for times in said.values())


def _log(server: Server) -> Path:
    return log_file(server.folder / "data", "postgres")


def _conninfo(server: Server) -> str:
    data = server.folder / "data"
    cluster = service_folders(data).folder / "postgres"
    sockets = (cluster / "postmaster.pid").read_text().splitlines()[4]
    password = secret_files.password(data, "postgres-password")
    return psycopg.conninfo.make_conninfo(
        host=sockets, dbname=DATABASE, user=ROLE, password=password
    )
