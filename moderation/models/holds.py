"""Legal holds, what they keep of an account that is gone, and exports of evidence."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet
from moderation.models.audit import AuditEntry
from server.jobs import life_cycle
from server.jobs.leased_job import LeasedJob, due_index, open_or_decided


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    """Legal holds, in the words that callers use."""

    def at(self, hosts: HostQuerySet) -> "LegalHoldQuerySet":
        return self.filter(host__in=hosts)

    def open(self) -> "LegalHoldQuerySet":
        return self.filter(released_at__isnull=True)


class LegalHold(models.Model):
    """An order to keep all of an account (moderation.enforcement.legal.holds). By DID and number:
    it outlives the account."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    repo_id = models.BigIntegerField()  # the account's
    did = models.CharField(max_length=2048)
    handle = models.CharField(max_length=253, blank=True)
    email = models.CharField(max_length=320, blank=True)
    reason = models.TextField()
    placed = models.ForeignKey(  # entries never go
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    asked = models.ForeignKey(  # who wants it released
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)  # when the account went, for all others
    released_at = models.DateTimeField(null=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        db_table = "legal_hold"
        constraints = [
            models.UniqueConstraint(
                fields=["repo_id"],
                condition=Q(released_at__isnull=True),
                name="legal_hold_is_one_an_account",
            )
        ]
        indexes = [models.Index(fields=["host", "id"], name="legal_hold_by_host")]

    def __str__(self) -> str:
        return f"hold on {self.did}"


class HeldFile(models.Model):
    """Private rows of a held account as they were when it was deleted: a file of JSON."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=100)
    data = models.BinaryField()

    class Meta:
        db_table = "held_file"
        constraints = [
            models.UniqueConstraint(fields=["hold", "name"], name="held_file_name_is_unique")
        ]

    def __str__(self) -> str:
        return self.name


class EvidenceExport(LeasedJob):
    """All that a host has about somebody, as a signed ZIP for a court
    (moderation.enforcement.legal.evidence_exports). The file's deletion is scheduled from the
    beginning, in the end for `expires_at`."""

    MOVES = life_cycle.MOVES

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Under way")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    repo_id = models.BigIntegerField()
    did = models.CharField(max_length=2048)
    hold = models.ForeignKey(LegalHold, on_delete=models.PROTECT, null=True, related_name="exports")
    asked = models.ForeignKey(  # entries never go
        AuditEntry, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    state = models.TextField(choices=State.choices, default=State.WAITING)
    key = models.TextField(blank=True, default="")  # of its file in the storage
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")  # of the whole file, hex
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "evidence_export"
        constraints = [open_or_decided("evidence_export")]
        indexes = [
            due_index("evidence_export"),
            models.Index(fields=["host", "id"], name="evidence_export_by_host"),
        ]

    def __str__(self) -> str:
        return f"evidence about {self.did}, {self.state}"
