"""The tables of moderation: one module a matter, from the audit log on."""

from moderation.models.abuse import AbuseAuthority, AbuseNotice, AbuseNoticeQuerySet, MonthlyFigure
from moderation.models.action_limits import ActionLimit
from moderation.models.audit import AuditEntry, AuditQuerySet
from moderation.models.audit_chain import AuditChain, AuditLink
from moderation.models.bulk import BulkAction, BulkItem
from moderation.models.cases import (
    Case,
    CaseDeadline,
    CaseEvent,
    CaseFilter,
    CaseQuerySet,
    CaseViewer,
)
from moderation.models.decisions import Decision, DecisionQuerySet, NoticeText
from moderation.models.evidence import Evidence, EvidenceQuerySet
from moderation.models.holds import EvidenceExport, HeldFile, LegalHold, LegalHoldQuerySet
from moderation.models.labels import Label, LabelCounter, Labeler, LabelKey, LabelQuerySet
from moderation.models.policies import Policy, Strike, StrikeQuerySet
from moderation.models.reports import Report, ReportQuerySet

__all__ = [
    "AbuseAuthority",
    "AbuseNotice",
    "AbuseNoticeQuerySet",
    "ActionLimit",
    "AuditChain",
    "AuditEntry",
    "AuditLink",
    "AuditQuerySet",
    "BulkAction",
    "BulkItem",
    "Case",
    "CaseDeadline",
    "CaseEvent",
    "CaseFilter",
    "CaseQuerySet",
    "CaseViewer",
    "Decision",
    "DecisionQuerySet",
    "Evidence",
    "EvidenceExport",
    "EvidenceQuerySet",
    "HeldFile",
    "Label",
    "LabelCounter",
    "LabelKey",
    "LabelQuerySet",
    "Labeler",
    "LegalHold",
    "LegalHoldQuerySet",
    "MonthlyFigure",
    "NoticeText",
    "Policy",
    "Report",
    "ReportQuerySet",
    "Strike",
    "StrikeQuerySet",
]
