"""Decisions about accounts as the person is told of them, their appeals, and the tenant's texts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet, Tenant
from moderation.models.audit import AuditEntry
from moderation.models.policies import Policy


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Decisions, in the words that callers use."""

    def at(self, hosts: HostQuerySet) -> "DecisionQuerySet":
        return self.filter(host__in=hosts)

    def of(self, host: Host, did: str) -> "DecisionQuerySet":
        return self.filter(host_id=host.pk, did=did)

    def told(self) -> "DecisionQuerySet":
        return self.filter(told_at__isnull=False)

    def appealed(self) -> "DecisionQuerySet":
        """Those whose appeal nobody has decided."""
        return self.filter(appealed_at__isnull=False, outcome="")


class Decision(models.Model):
    """One action on an account, what was said to its owner, and what became of the appeal
    (moderation.enforcement.notices, .appeals). By DID: it outlives the account."""

    class Outcome(models.TextChoices):
        OPEN = "", _("Not decided yet")
        UPHELD = "upheld", _("The decision stands")
        REVERSED = "reversed", _("The decision was taken back")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    did = models.CharField(_("DID"), max_length=2048)
    action = models.CharField(max_length=40)  # moderation.enforcement.actions
    # No constraint in the database: entries never go.
    entry = models.OneToOneField(
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, related_name="decision"
    )
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="+")
    rule = models.TextField(blank=True)  # the policy's text of that day
    words = models.TextField(blank=True)  # to its owner
    record = models.CharField(max_length=1024, blank=True)  # collection/rkey
    cid = models.CharField(max_length=100, blank=True)  # of a blob
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True)  # null: its owner was not told
    undone_at = models.DateTimeField(null=True)
    appeal_until = models.DateTimeField()
    appealed_at = models.DateTimeField(null=True)
    appeal = models.TextField(blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True, default="")
    outcome_words = models.TextField(blank=True)
    outcome_entry = models.ForeignKey(
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, null=True, related_name="+"
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        db_table = "decision"
        indexes = [
            models.Index(fields=["did", "host"], name="decision_by_did"),
            models.Index(fields=["host", "created_at"], name="decision_by_month"),
            models.Index(
                fields=["host", "appealed_at"],
                name="decision_appealed",
                condition=Q(appealed_at__isnull=False, outcome=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="decision_outcome_is_of_an_appeal",
                condition=Q(outcome="") | Q(appealed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.did}"


class NoticeText(models.Model):
    """A tenant's own words for one action in one language, with placeholders
    (moderation.enforcement.notice_texts)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="notice_texts")
    action = models.CharField(max_length=40)
    language = models.CharField(max_length=10)
    text = models.TextField()

    class Meta:
        db_table = "notice_text"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "action", "language"], name="notice_text_once_a_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.language})"
