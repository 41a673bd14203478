"""The hash chain of each tenant's audit log: a link an entry, made by the database at the commit
that holds the entry (moderation/sql/audit_entry_is_chained.sql; moderation.audit_chain proves it).
"""

from django.db import models

from hosting.models import Tenant
from moderation.models.audit import AuditEntry


class AuditLink(models.Model):
    """The place of one entry in the chain of its tenant. Added to only, as entries are."""

    entry = models.OneToOneField(
        AuditEntry, on_delete=models.PROTECT, primary_key=True, related_name="link"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.BigIntegerField()  # from 1, without gaps
    hash = models.BinaryField()  # SHA-256 of the hash before, the number and the entry

    class Meta:
        db_table = "audit_link"
        constraints = [
            models.UniqueConstraint(name="audit_link_by_tenant", fields=["tenant", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.tenant}"


class AuditChain(models.Model):
    """The newest link of a tenant. Whoever commits an entry locks this row, at the very end."""

    tenant = models.OneToOneField(
        Tenant, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    number = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_chain"

    def __str__(self) -> str:
        return f"{self.tenant}, {self.number}"
