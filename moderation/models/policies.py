"""Policies: a tenant's own list of rules, and the strikes that breaking them gave."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, Tenant
from moderation.models.audit import AuditEntry


class Policy(models.Model):
    """A rule of a tenant, as people read it, and what follows when somebody breaks it
    (moderation.enforcement.policies). One that is retired stays, for decisions that name it."""

    class Severity(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=100)
    public_text = models.TextField()
    severity = models.CharField(max_length=16, choices=Severity.choices)
    default_action = models.CharField(max_length=40)  # moderation.enforcement.actions
    strikes = models.PositiveSmallIntegerField(default=0)
    strike_days = models.PositiveSmallIntegerField(default=90)  # until they expire
    # So many open strikes of an account, by whatever policies, and it is suspended; null: never.
    suspends_at = models.PositiveSmallIntegerField(null=True, blank=True)
    suspension_days = models.PositiveSmallIntegerField(default=7)
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "policy"
        constraints = [
            models.UniqueConstraint(
                F("tenant"),
                Lower("name"),
                condition=Q(retired_at__isnull=True),
                name="policy_name_is_unique_a_tenant",
            )
        ]

    def __str__(self) -> str:
        return self.name


class StrikeQuerySet(models.QuerySet["Strike"]):
    """Strikes, in the words that callers use."""

    def of(self, host: Host, did: str) -> "StrikeQuerySet":
        return self.filter(host_id=host.pk, did=did)

    def open(self, now: datetime | None = None) -> "StrikeQuerySet":
        """Neither expired nor taken back."""
        return self.filter(taken_back_at__isnull=True, expires_at__gt=now or timezone.now())

    def points(self) -> int:
        total: dict[str, Any] = self.aggregate(total=models.Sum("count"))
        return int(total["total"] or 0)


class Strike(models.Model):
    """Strikes that one decision gave an account. By DID: it outlives the account."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    did = models.CharField(max_length=2048)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="+")
    entry = models.ForeignKey(  # entries never go
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    count = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    objects = StrikeQuerySet.as_manager()

    class Meta:
        db_table = "strike"
        indexes = [models.Index(fields=["did", "host"], name="strike_by_did")]
        constraints = [models.CheckConstraint(name="strike_counts", condition=Q(count__gt=0))]
