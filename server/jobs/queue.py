"""Queues of durable jobs: who is told of a job that is due, and how lost wake-ups are found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from server.jobs import worker_tasks
from server.jobs.leased_job import LeasedJob, LeasedJobQuerySet
from server.jobs.life_cycle import RUNNING


@dataclass
class Queue:
    """The jobs of one table.

    `task` is the name of the Celery task that makes one attempt at one job, `attempt` does the same
    in this thread. `running_max` bounds the attempts under way on the platform, `batch` how many
    jobs one sweep wakes. `is_for_workers`: too long for the thread that happens to wake it, so that
    a broker that does not answer leaves the job to the sweep.
    """

    model: type[LeasedJob]
    task: str
    attempt: Callable[[int], object]
    batch: int = 200
    running_max: int | None = None
    is_for_workers: bool = False

    def wake(self, pk: int) -> None:
        """Have a worker make an attempt now; without a broker, make it in this thread.

        Call it after the transaction that wrote the row. A lost wake-up costs the sweep's period.
        """
        if worker_tasks.send(self.task, pk) or (self.is_for_workers and settings.VALKEY_URL):
            return
        self.attempt(pk)

    def due(self) -> list[int]:
        """The keys of the jobs to wake now, those that wait longest first."""
        eldest = self.waiting().order_by("next_attempt_at")
        return list(eldest.values_list("pk", flat=True)[: self._free()])

    def waiting(self) -> LeasedJobQuerySet[Any]:
        """The jobs that may be woken now; a queue may leave some for later."""
        return self.model.objects.due()

    def sweep(self) -> None:
        """Wake every job that is due: its pause is over, its worker died, or its wake-up was lost.
        Periodic; may run in several places at once."""
        for pk in self.due():
            self.wake(pk)

    def _free(self) -> int:
        if self.running_max is None:
            return self.batch
        leased = self.model.objects.filter(state=RUNNING, next_attempt_at__gt=timezone.now())
        return max(0, self.running_max - leased.count())
