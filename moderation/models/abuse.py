"""Abuse notices from other services, who may send them, and the figures of closed months."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet, Tenant
from moderation.models.audit import AuditEntry


class AbuseAuthority(models.Model):
    """A service whose notices a tenant takes; `*` stands for all of them
    (moderation.enforcement.legal.abuse_notices)."""

    ANYBODY = "*"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="abuse_authorities")
    did = models.CharField(max_length=2048)
    is_acted_on = models.BooleanField(default=False)  # what it names is taken down at once
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "abuse_authority"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "did"], name="abuse_authority_is_one_row"),
            models.CheckConstraint(
                name="abuse_authority_anybody_is_not_acted_on",
                condition=~Q(did="*") | Q(is_acted_on=False),
            ),
        ]

    def __str__(self) -> str:
        return self.did


class AbuseNoticeQuerySet(models.QuerySet["AbuseNotice"]):
    """Abuse notices, in the words that callers use."""

    def at(self, hosts: HostQuerySet) -> "AbuseNoticeQuerySet":
        return self.filter(host__in=hosts)

    def open(self) -> "AbuseNoticeQuerySet":
        return self.filter(acknowledged__isnull=True)


class AbuseNotice(models.Model):
    """What an authority told a host, once, by its own number."""

    class Kind(models.TextChoices):
        MEDIA = "media", _("Pictures or videos")
        LEGAL = "legal", _("Legal")
        SPAM = "spam", _("Spam")
        EXTREMIST = "extremist", _("Extremism")
        OTHER = "other", _("Something else")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    authority = models.CharField(max_length=2048)  # a DID
    notice_id = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    comment = models.TextField(blank=True)
    subjects = models.JSONField()  # as the wire has them
    created_at = models.DateTimeField(auto_now_add=True)
    acted = models.PositiveSmallIntegerField(default=0)  # takedowns that followed by themselves
    acknowledged = models.ForeignKey(  # entries never go
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, null=True, related_name="+"
    )

    objects = AbuseNoticeQuerySet.as_manager()

    class Meta:
        db_table = "abuse_notice"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "authority", "notice_id"], name="abuse_notice_comes_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["host", "id"],
                name="abuse_notice_open",
                condition=Q(acknowledged__isnull=True),
            ),
            models.Index(fields=["host", "created_at"], name="abuse_notice_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.authority} {self.notice_id}"


class MonthlyFigure(models.Model):
    """One figure of a tenant's closed month, which does not change any more
    (moderation.enforcement.legal.figures)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()  # its first day
    name = models.CharField(max_length=60)
    count = models.PositiveIntegerField()

    class Meta:
        db_table = "monthly_figure"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "month", "name"], name="monthly_figure_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.name}"
