"""The tables of moderation: the audit log, reports and the evidence kept with them, labels."""

from moderation.models.audit import AuditEntry, AuditQuerySet
from moderation.models.evidence import Evidence, EvidenceQuerySet
from moderation.models.labels import Label, LabelCounter, Labeler, LabelKey, LabelQuerySet
from moderation.models.reports import Report, ReportQuerySet

__all__ = [
    "AuditEntry",
    "AuditQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "Label",
    "LabelCounter",
    "LabelKey",
    "LabelQuerySet",
    "Labeler",
    "Report",
    "ReportQuerySet",
]
