"""The product, loaded once by the supervisor for the processes that it forks.

Names are strings: nothing in this package may import what stands above it. What is loaded must not
start a thread, open a file or ask a database: a fork would share it.
"""

import gc
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from server import environment

# Whatever the settings are; loaded while Postgres starts.
LIBRARIES: Final = (
    "uvicorn", "psycopg", "celery.apps.worker", "celery.beat", "celery.concurrency.thread",
    "celery.worker.components", "kombu.transport.redis", "redis", "channels.routing",
    "cryptography.hazmat.primitives.asymmetric.ec", "orjson",
)  # fmt: skip
PRODUCT: Final = (
    "hosting.celery", "hosting.asgi", "server.command_line", "server.web.serve",
    "server.jobs.worker", "relay.ingestion.process",
)  # fmt: skip


def load(names: Sequence[str]) -> None:
    """Import modules; what is loaded already costs nothing."""
    for name in names:
        import_module(name)


def freeze() -> None:
    """Keep what is loaded out of the garbage collector's way: it would write into every object,
    and pages that are written to are not shared any more."""
    others = threading.active_count() - 1
    if others:
        raise RuntimeError(f"{others} threads run in the supervisor: a fork would lose them")
    gc.collect()
    gc.freeze()


def prepare() -> int:
    """Migrations and sandbox, in a fork: the admin's password is in its environment alone."""
    settings = import_module("django.conf").settings
    settings.ADMIN_PASSWORD = environment.text("GROVE_ADMIN_PASSWORD")
    code: int = import_module("server.command_line").main(["manage.py", "prepare"])
    return code


def serve() -> None:
    """A web process, in a fork."""
    import_module("server.web.serve").main("web")


def relay() -> int:
    """The relay, in a fork."""
    code: int = import_module("relay.ingestion.process").main()
    return code


def work() -> int:
    """The worker, in a fork."""
    code: int = import_module("server.jobs.worker").main()
    return code
