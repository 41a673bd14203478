"""The tables of moderation: the audit log, reports, their evidence, cases, bulk actions, labels."""

from moderation.models.audit import AuditEntry, AuditQuerySet
from moderation.models.bulk import BulkAction, BulkItem
from moderation.models.cases import (
    Case,
    CaseDeadline,
    CaseEvent,
    CaseFilter,
    CaseQuerySet,
    CaseViewer,
)
from moderation.models.evidence import Evidence, EvidenceQuerySet
from moderation.models.labels import Label, LabelCounter, Labeler, LabelKey, LabelQuerySet
from moderation.models.reports import Report, ReportQuerySet

__all__ = [
    "AuditEntry",
    "AuditQuerySet",
    "BulkAction",
    "BulkItem",
    "Case",
    "CaseDeadline",
    "CaseEvent",
    "CaseFilter",
    "CaseQuerySet",
    "CaseViewer",
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
