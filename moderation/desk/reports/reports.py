"""Reports to the host itself: those that no other moderation service was there to take.

Source: com.atproto.moderation.createReport. Whoever was taken down may appeal and nothing else,
as moderation services everywhere have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db import transaction

from accounts.models import Account
from hosting.models import Host
from moderation.desk import cases, kinds
from moderation.desk.reports import evidence
from moderation.desk.subjects.subject import REPO_REF, STRONG_REF, Subject, UnfitSubject, of_wire
from moderation.models import Report
from protocol.errors import InvalidRequest, XrpcError

__all__ = ["REPO_REF", "STRONG_REF", "Reporter", "UnfitSubject", "file", "keep", "receive"]

APPEALS: Final = frozenset(
    {
        "com.atproto.moderation.defs#reasonAppeal",
        "tools.ozone.report.defs#reasonAppeal",
        "tools.ozone.inbox.appealActionedSubject",
    }
)
REASON_TYPE_MAX_CHARACTERS = 300
TOOL_MAX_BYTES = 10_000


class OnlyAppeals(XrpcError):
    """403: the reporter was taken down."""

    name = "Forbidden"
    status = 403
    message = "An account that was taken down may only appeal"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: somebody with an account at the host, or anywhere to its tenant's labeler."""

    host: Host
    did: str
    is_taken_down: bool = False

    @classmethod
    def of(cls, account: Account) -> "Reporter":
        """Somebody with an account here."""
        return cls(account.host, account.did, account.taken_down_at is not None)


def file(
    reporter: Account,
    subject: Mapping[str, Any],
    reason_type: str,
    reason: str = "",
    tool: Mapping[str, Any] | None = None,
) -> Report:
    """Keep a report of somebody with an account here. As `receive`."""
    return receive(Reporter.of(reporter), subject, reason_type, reason, tool)


def receive(
    reporter: Reporter,
    subject: Mapping[str, Any],
    reason_type: str,
    reason: str = "",
    tool: Mapping[str, Any] | None = None,
) -> Report:
    """Keep a report for the staff of the reporter's host (moderation.desk.cases), and what it is
    about with it (moderation.desk.reports.evidence). `subject` as the wire has it.

    Raises OnlyAppeals, UnfitSubject, InvalidRequest.
    """
    if reporter.is_taken_down and reason_type not in APPEALS:
        raise OnlyAppeals
    if not 1 <= len(reason_type) <= REASON_TYPE_MAX_CHARACTERS or "\0" in reason_type + reason:
        raise InvalidRequest("reasonType is missing or not allowed")
    tool_text = orjson.dumps(tool).decode() if tool else ""
    if len(tool_text) > TOOL_MAX_BYTES:
        raise InvalidRequest("modTool is too large")
    about = of_wire(subject)
    draft = Report(
        host=reporter.host,
        reported_by=reporter.did,
        reason_type=reason_type,
        reason=reason,
        tool=tool_text.replace("\\u0000", ""),
    )
    return keep(draft, about)


def keep(report: Report, about: Subject, kind: str | None = None) -> Report:
    """Store a report of any source: it joins a case, and what it is about is copied. `kind` where
    the reason's own is not to count."""
    report.subject_did, report.subject_uri, report.subject_cid = about.did, about.uri, about.cid
    with transaction.atomic():
        report.case = cases.open_or_join(
            report.host, about, kind or kinds.of_reason(report.reason_type)
        )
        report.save()
        evidence.keep(report)
    return report
