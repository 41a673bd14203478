"""Long work that somebody asked for: an export, a suspension, a move of many accounts."""

import threading
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from hosting.models import StaffUser, Tenant
from server.jobs.leased_job import LeasedJob, LeasedJobQuerySet, due_index, open_or_decided

_RENEWING = threading.Lock()


class Job(LeasedJob):
    """One piece of long work of a tenant's, or (no tenant) of the platform's.

    What a `kind` does stands in `provider.jobs`. `given` is what was asked for, `place` where the
    work stands: what the next attempt goes on from.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    kind = models.CharField(max_length=60)
    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    staff = models.ForeignKey(StaffUser, null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.CharField(max_length=200, blank=True)  # who is no member of staff
    given = models.JSONField(default=dict)
    place = models.JSONField(default=dict)
    state = models.TextField(_("status"), choices=State.choices, default=State.WAITING)
    step = models.CharField(max_length=200, blank=True)  # what is being done, for people
    done_count = models.PositiveBigIntegerField(default=0)
    total_count = models.PositiveBigIntegerField(null=True)  # null: nobody knows
    result = models.JSONField(null=True)

    objects: ClassVar[LeasedJobQuerySet["Job"]] = LeasedJobQuerySet.as_manager()  # type: ignore

    class Meta:
        db_table = "provider_job"
        constraints = [open_or_decided("provider_job")]
        indexes = [
            due_index("provider_job"),
            models.Index(fields=["tenant", "id"], name="provider_job_by_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}, {self.state}"

    @property
    def by(self) -> "StaffUser | str":
        """Who asked for it, as the audit log has it."""
        return self.staff or self.actor

    def renew(self, lease: timedelta, **changes: Any) -> bool:
        """As every job's, but from two threads: the work's own, and the one that keeps its lease
        (server.jobs.renewal), each of which needs what the other wrote last."""
        with _RENEWING:
            return super().renew(lease, **changes)

    def progress(self) -> dict[str, Any]:
        """How far it is: `{"done": 3, "total": 20, "step": "..."}`."""
        return {"done": self.done_count, "total": self.total_count, "step": self.step}


class JobRemainder(models.Model):
    """One account that a bulk job could not do, and why."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="remainders")
    did = models.CharField(max_length=2048)
    reason = models.CharField(max_length=300)

    class Meta:
        db_table = "provider_job_remainder"
        constraints = [models.UniqueConstraint(fields=["job", "did"], name="job_remainder_once")]

    def __str__(self) -> str:
        return f"{self.did}: {self.reason}"
