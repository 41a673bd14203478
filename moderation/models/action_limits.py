"""Limits of staff: how often one member may take an action, as their tenant has it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Tenant


class ActionLimit(models.Model):
    """How often one member of a tenant's staff takes an action; without a row as often as they
    like (moderation.action_limits)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=40)  # an AuditEntry.Action
    an_hour = models.PositiveIntegerField(_("in an hour"), null=True)
    a_day = models.PositiveIntegerField(_("in a day"), null=True)

    class Meta:
        db_table = "action_limit"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "action"], name="action_limit_once_an_action"
            ),
            models.CheckConstraint(
                name="action_limit_limits_something",
                condition=Q(an_hour__isnull=False) | Q(a_day__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.an_hour or '-'} an hour, {self.a_day or '-'} a day"
