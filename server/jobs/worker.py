"""The Celery worker on a few threads, with Celery beat inside.

`celery -A hosting.celery worker` and `beat` do the same as two processes. Threads are enough, since
tasks wait for other servers; the clock runs as a thread and not, as `worker --beat` would have it,
as a forked child that could outlive us.
"""

import os
import shelve
import sys
import warnings
from contextlib import suppress

import structlog
from celery.beat import EmbeddedService, PersistentScheduler
from celery.exceptions import SecurityWarning
from django.conf import settings

from server.jobs.worker_tasks import application
from server.logs import configuration

logger = structlog.stdlib.get_logger(__name__)
THREADS = 4


class InMemory:
    """In place of the module `shelve`: what is kept ends with the process."""

    @staticmethod
    def open(_name: str, *, writeback: bool) -> shelve.Shelf[object]:
        """An empty one."""
        return shelve.Shelf({}, writeback=writeback)


class Scheduler(PersistentScheduler):  # type: ignore[misc] # Celery has no types
    """Celery's own, which goes on while its file cannot be made or written: on a full disk the
    clock would stop for good, and with it every sweep. What ran when is then known to this process
    alone."""

    def setup_schedule(self) -> None:
        """Read what ran when."""
        try:
            super().setup_schedule()
        except OSError as fault:
            logger.warning("the file of the schedule cannot be had", reason=str(fault))
            self.persistence = InMemory
            super().setup_schedule()

    def sync(self) -> None:
        """Write down what ran when."""
        with suppress(OSError):
            super().sync()


def main() -> int:
    """Work until SIGTERM, then finish the tasks that run."""
    configuration.log_uncaught()
    # It warns root of pickled tasks; ours are JSON.
    warnings.simplefilter("ignore", SecurityWarning)
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # of the models: CI did, and it takes 0.3 s
    app = application()
    schedule = settings.DATA_DIR / "run" / "schedule"
    EmbeddedService(
        app, thread=True, schedule_filename=str(schedule), scheduler_cls=Scheduler
    ).start()
    worker = app.Worker(
        pool="threads",
        concurrency=THREADS,
        loglevel="WARNING",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
