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
_PRODUCT: Final = (
    "hosting.celery", "hosting.asgi", "hosting.urls", "server.web.serve", "server.jobs.worker",
    "relay.ingestion.process", "relay.ingestion.crawler", "relay.ingestion.writer",
)  # fmt: skip


def load(names: Sequence[str]) -> None:
    """Import modules; what is loaded already costs nothing. Until `freeze` without the garbage
    collector, which takes a fifth of the time and finds nothing in modules."""
    gc.disable()
    for name in names:
        import_module(name)


def models() -> None:
    """Load the settings and the models of all apps."""
    import_module("django").setup(set_prefix=False)


def product() -> None:
    """Load everything that a child would load sooner or later, pages and tasks too: once, for all
    of them."""
    load(_PRODUCT)
    import_module("server.jobs.worker_tasks").application().autodiscover_tasks(force=True)


def freeze() -> None:
    """Keep what is loaded out of the garbage collector's way: it would write into every object,
    and pages that are written to are not shared any more."""
    others = threading.active_count() - 1
    if others:
        raise RuntimeError(f"{others} threads run in the supervisor: a fork would lose them")
    gc.freeze()
    gc.enable()


def prepare() -> int:
    """Migrations and sandbox, in a fork: the admin's password is in its environment alone."""
    gc.enable()
    settings = import_module("django.conf").settings
    settings.ADMIN_PASSWORD = environment.text("GROVE_ADMIN_PASSWORD")
    code: int = import_module("server.command_line").main(["manage.py", "prepare"])
    return code


def serve() -> None:
    """A web process, in a fork."""
    import_module("server.web.serve").main("web")


def certificates() -> None:
    """The process that answers questions about certificates, in a fork."""
    import_module("server.web.serve").main("certificates")


def relay() -> int:
    """The relay, in a fork."""
    code: int = import_module("relay.ingestion.process").main()
    return code


def work() -> int:
    """The worker, in a fork."""
    code: int = import_module("server.jobs.worker").main()
    return code
