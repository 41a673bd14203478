"""Leased jobs: the abstract model of work that is a row, done by whoever holds its lease.

`next_attempt_at` is the pause before the next attempt and the lease of the one under way. Whoever
moves it ahead, by an update that must change exactly one row, may work until then; a killed process
needs nobody to notice. Its value names the lease: who let it run out and was replaced neither
postpones nor finishes the job any more. An attempt may run twice, so what it does must be
repeatable.
"""

import time
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self, TypeVar

import structlog
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from server.jobs import life_cycle
from server.jobs.life_cycle import OPEN, RUNNING, WAITING, Moves

logger = structlog.stdlib.get_logger(__name__)
ERROR_MAX: Final = 1000  # characters of `last_error`
Job = TypeVar("Job", bound="LeasedJob")


class LeasedJobQuerySet(models.QuerySet[Job]):
    """Jobs, in the words that callers use."""

    def open(self) -> Self:
        """Not decided yet, whether a worker is at it or not."""
        return self.filter(state__in=OPEN)

    def due(self) -> Self:
        """Open, and neither paused nor leased."""
        return self.open().filter(next_attempt_at__lte=timezone.now())

    def claim(self, pk: int, lease: timedelta, **changes: Any) -> Job | None:
        """The job, leased to the caller and with the attempt counted; None when it is not due, or
        not among these. Two statements, outside of any transaction."""
        taken = {"attempts": F("attempts") + 1, **changes}
        ends_at = timezone.now() + lease
        if not self.due().filter(pk=pk).update(state=RUNNING, next_attempt_at=ends_at, **taken):
            return None
        job = self.filter(pk=pk).first()
        if job is not None:
            job.claimed_s = time.monotonic()
            _note_move(self.model, RUNNING)
        return job

    def make_due(self) -> int:
        """Have those that wait tried again at once; an attempt under way keeps its lease."""
        return self.filter(state=WAITING).update(next_attempt_at=timezone.now())

    def decide(self, state: str, **changes: Any) -> int:
        """End those of them that are open, whoever is at them; returns how many."""
        count = self.open().update(state=state, decided_at=timezone.now(), **changes)
        if count:
            _note_move(self.model, state, count=count)
        return count


class LeasedJob(models.Model):
    """One piece of work. Subclasses give `state` their choices, and name what is to be done."""

    MOVES: ClassVar[Moves] = life_cycle.MOVES

    state = models.TextField(_("status"), default=WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)  # or the end of the lease
    last_error = models.TextField(_("last error"), blank=True, default="")
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LeasedJobQuerySet[Self]] = LeasedJobQuerySet.as_manager()  # type: ignore
    claimed_s: float | None = None  # monotonic, of this process

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in OPEN

    def claimed(self, lease: timedelta) -> Self:
        """This job, which is no row yet, leased to whoever writes it: the first attempt is theirs
        and takes no statement."""
        self.state, self.attempts = RUNNING, 1
        self.next_attempt_at, self.claimed_s = timezone.now() + lease, time.monotonic()
        _note_move(type(self), RUNNING)
        return self

    def renew(self, lease: timedelta, **changes: Any) -> bool:
        """Begin the lease anew; false when it is lost."""
        ends_at = timezone.now() + lease
        if not self._held().update(next_attempt_at=ends_at, **changes):
            return False
        self.next_attempt_at = ends_at
        return True

    def postpone(self, until: datetime, error: str | None = None, **changes: Any) -> bool:
        """Give the job back, to be tried again; false when the lease was lost."""
        return self._leave(WAITING, error, next_attempt_at=until, **changes)

    def finish(self, state: str, error: str | None = None, **changes: Any) -> bool:
        """Decide the job; false when the lease was lost, or somebody else decided."""
        return self._leave(state, error, decided_at=timezone.now(), **changes)

    def _held(self) -> "models.QuerySet[LeasedJob]":
        """The row, while this attempt has its lease."""
        mine = {"state": RUNNING, "next_attempt_at": self.next_attempt_at}
        return type(self).objects.filter(pk=self.pk, **mine)

    def _leave(self, state: str, error: str | None, **changes: Any) -> bool:
        if error is not None:
            # others' words: a directory's, a mail server's; Postgres takes no NUL in a text
            changes["last_error"] = error[:ERROR_MAX].replace("\0", " ")
        if not self._held().update(state=state, **changes):
            return False
        took_s = None if self.claimed_s is None else time.monotonic() - self.claimed_s
        _note_move(type(self), state, took_s=took_s)
        return True


def anew(at: datetime | None = None) -> dict[str, Any]:
    """The fields of a job that is to be done, or done once more, from `at` on; none: now."""
    return {
        "state": WAITING,
        "attempts": 0,
        "next_attempt_at": at or timezone.now(),
        "last_error": "",
        "decided_at": None,
    }


def _note_move(
    model: type[models.Model], state: str, *, count: int = 1, took_s: float | None = None
) -> None:
    """A line for metrics, at the level INFO. The change's transaction may still be rolled back."""
    took_ms = None if took_s is None else round(took_s * 1000)
    queue = model._meta.db_table
    logger.info("job moved", queue=queue, state=state, count=count, took_ms=took_ms)


def due_index(table: str) -> models.Index:
    """The index by which a sweep finds what is due, however many jobs are decided."""
    return models.Index(
        fields=["next_attempt_at"], name=f"{table}_due", condition=Q(state__in=[*OPEN])
    )


def open_or_decided(table: str) -> models.CheckConstraint:
    """The constraint that a job is decided at some moment, or open."""
    is_open = Q(state__in=[*OPEN])
    return models.CheckConstraint(
        name=f"{table}_is_open_or_decided",
        condition=(is_open & Q(decided_at__isnull=True)) | (~is_open & Q(decided_at__isnull=False)),
    )
