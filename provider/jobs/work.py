"""What an attempt at long work is given: what was asked, where it stands, and how to say so."""

import time
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from django.utils import timezone

from provider.models import Job

LEASE: Final = timedelta(seconds=60)
TURN_S: Final = 60.0  # after which others that wait get the worker's thread


class Later(Exception):
    """Raised by the work: go on at `until`, from the place that was noted."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"until {until}")
        self.until = until


class Stopped(Exception):
    """Raised to the work: somebody stopped the job, or another worker has it."""


class Work:
    """An attempt at a job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.given: dict[str, Any] = dict(job.given)
        self.place: dict[str, Any] = dict(job.place)
        self._began_s = time.monotonic()

    def advance(
        self,
        done: int | None = None,
        total: int | None = None,
        step: str | None = None,
        **place: Any,
    ) -> None:
        """Note how far the work is, and in `place` what the next attempt goes on from; a step that
        got further forgets the attempts before it. One statement, outside of any transaction.

        Raises Stopped.
        """
        changes: dict[str, Any] = {}
        if done is not None:
            changes["done_count"] = done
            if done > self.job.done_count:
                changes["attempts"] = 1
        if total is not None:
            changes["total_count"] = total
        if step is not None:
            changes["step"] = step[:200]
        if place:
            self.place |= place
            changes["place"] = self.place
        if not self.job.renew(LEASE, **changes):
            raise Stopped
        for name, value in changes.items():
            setattr(self.job, name, value)

    def give_way(self) -> None:
        """Between two steps: let others have the thread after a minute. Raises Later."""
        if time.monotonic() - self._began_s > TURN_S:
            raise Later(timezone.now())

    def pause(self, seconds: float) -> NoReturn:
        """Go on in so many seconds, without a thread that waits. Raises Later, always."""
        raise Later(timezone.now() + timedelta(seconds=seconds))
