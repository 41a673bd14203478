"""The relay's process: `python -m relay.ingestion.process`.

Many may run: the one that holds the session's advisory lock reads and writes, the others wait for
it to go. Restarts of Postgres end a session, and the next begins where the last transaction was.
"""

import asyncio
import os
import signal
from typing import Final

import django
import psycopg
import structlog
import uvloop
from django.apps import apps

from server import environment
from server.logs import configuration

STANDBY_PAUSE_S: Final = 0.5
RECONNECT_PAUSE_S: Final = 0.5

logger = structlog.stdlib.get_logger("relay.ingestion.process")


async def serve() -> None:
    """Read and write until cancelled."""
    while True:
        try:
            await _session(environment.service_url("DATABASE_URL"))
        except psycopg.OperationalError as error:
            logger.warning("lost Postgres, reconnecting", reason=str(error).strip())
        except ExceptionGroup as group:
            lost, other = group.split(psycopg.Error)
            if lost is None or other is not None:
                raise
            logger.warning("lost Postgres, reconnecting", reason=str(lost.exceptions[0]).strip())
        await asyncio.sleep(RECONNECT_PAUSE_S)


async def _session(conninfo: str) -> None:
    from relay.ingestion.crawler import Crawler  # noqa: PLC0415 - needs django.setup()
    from relay.ingestion.writer import Writer  # noqa: PLC0415 - needs django.setup()

    async with await psycopg.AsyncConnection.connect(
        conninfo,
        autocommit=True,
        prepare_threshold=1,
        application_name="grove relay",
        options=environment.POSTGRES_OPTIONS,
    ) as connection:
        writer = Writer(connection)
        while not await writer.lead():
            await asyncio.sleep(STANDBY_PAUSE_S)
        logger.info("leading")
        await Crawler(conninfo).run(writer)


async def _until_stopped() -> None:
    serving = asyncio.ensure_future(serve())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    await asyncio.gather(serving, return_exceptions=False)


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hosting.settings")
    configuration.configure()
    configuration.log_uncaught()
    if not apps.ready:  # the supervisor's fork is
        django.setup(set_prefix=False)
    try:
        uvloop.run(_until_stopped())
    except asyncio.CancelledError:
        logger.info("stopped")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
