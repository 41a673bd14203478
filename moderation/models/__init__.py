"""The tables of moderation: the audit log, reports, and the evidence kept with them."""

from moderation.models.audit import AuditEntry, AuditQuerySet
from moderation.models.evidence import Evidence, EvidenceQuerySet
from moderation.models.reports import Report, ReportQuerySet

__all__ = [
    "AuditEntry",
    "AuditQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "Report",
    "ReportQuerySet",
]
