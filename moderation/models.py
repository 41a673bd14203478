"""The audit log: who did what to whom, when and why. Rows are only ever added; a trigger in the
database refuses changes and deletions (migrations/0001).
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Audit entries, in the words that callers use."""

    def of(self, hosts: HostQuerySet) -> "AuditQuerySet":
        return self.filter(host__in=hosts)

    def about(self, did: str) -> "AuditQuerySet":
        return self.filter(subject_did=did)


class AuditEntry(models.Model):
    """One action of one member of staff. The subject is kept as text: it outlives the account."""

    class Action(models.TextChoices):
        """`<noun>.<verb>`: the log must be readable in ten years."""

        ACCOUNT_TAKE_DOWN = "account.take_down", _("Account taken down")
        ACCOUNT_RESTORE = "account.restore", _("Account restored")
        BLOB_TAKE_DOWN = "blob.take_down", _("File taken down")
        BLOB_RESTORE = "blob.restore", _("File restored")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="audit_entries"
    )
    action = models.CharField(max_length=40, choices=Action.choices)
    subject_did = models.CharField(_("DID"), max_length=300)
    subject_handle = models.CharField(_("handle"), max_length=253, blank=True)
    subject_cid = models.CharField(_("CID"), max_length=100, blank=True)  # of a blob
    reason = models.TextField()
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        db_table = "audit_entry"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_did"], name="audit_entry_subject")]
        constraints = [
            models.CheckConstraint(name="audit_entry_has_a_reason", condition=~models.Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.subject_handle or self.subject_did}"
