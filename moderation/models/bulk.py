"""Bulk actions: one action of a member of staff on many cases, done by a worker."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hosting.models import Tenant
from moderation.models.cases import Case
from server.jobs.leased_job import LeasedJob, due_index, open_or_decided


class BulkAction(LeasedJob):
    """The job: what is to be done, by whom and why. Its cases are the rows of BulkItem."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    state = models.TextField(_("status"), choices=State.choices, default=State.WAITING)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)  # of moderation.desk.actions.table
    given = models.JSONField(default=dict)  # the fields of its form
    item_count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "bulk_action"
        constraints = [open_or_decided("bulk_action")]
        indexes = [due_index("bulk_action")]

    def __str__(self) -> str:
        return f"{self.action} on {self.item_count}, {self.state}"


class BulkItem(models.Model):
    """One case of a bulk action; what was done to it and this row's state are one transaction."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")  # refused; `said` has why

    bulk = models.ForeignKey(
        BulkAction, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    state = models.TextField(choices=State.choices, default=State.PENDING)
    said = models.TextField(blank=True, default="")

    class Meta:
        db_table = "bulk_item"
        constraints = [
            models.UniqueConstraint(fields=["bulk", "case"], name="bulk_item_once_a_case")
        ]
        indexes = [models.Index(fields=["bulk", "state", "id"], name="bulk_item_by_state")]

    def __str__(self) -> str:
        return f"case {self.case_id}: {self.state}"
