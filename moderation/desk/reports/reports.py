"""Reports to the host itself: those that no other moderation service was there to take.

Source: com.atproto.moderation.createReport. Whoever was taken down may appeal and nothing else,
as moderation services everywhere have it.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from django.db import transaction

from accounts.models import Account
from moderation.desk.reports import evidence
from moderation.models import Report
from protocol.errors import InvalidRequest, XrpcError
from protocol.syntax import AtUri, InvalidSyntax, is_did

APPEALS: Final = frozenset(
    {
        "com.atproto.moderation.defs#reasonAppeal",
        "tools.ozone.report.defs#reasonAppeal",
        "tools.ozone.inbox.appealActionedSubject",
    }
)
REPO_REF: Final = "com.atproto.admin.defs#repoRef"
STRONG_REF: Final = "com.atproto.repo.strongRef"
REASON_TYPE_MAX_CHARACTERS = 300
TOOL_MAX_BYTES = 10_000


class OnlyAppeals(XrpcError):
    """403: the reporter was taken down."""

    name = "Forbidden"
    status = 403
    message = "An account that was taken down may only appeal"


class UnfitSubject(InvalidRequest):
    """400: not an account and not a record."""


def file(
    reporter: Account,
    subject: Mapping[str, Any],
    reason_type: str,
    reason: str = "",
    tool: Mapping[str, Any] | None = None,
) -> Report:
    """Keep a report for the staff of the reporter's host, and what it is about with it
    (moderation.desk.reports.evidence). `subject` as the wire has it.

    Raises OnlyAppeals, UnfitSubject, InvalidRequest.
    """
    if reporter.taken_down_at is not None and reason_type not in APPEALS:
        raise OnlyAppeals
    if not 1 <= len(reason_type) <= REASON_TYPE_MAX_CHARACTERS or "\0" in reason_type + reason:
        raise InvalidRequest("reasonType is missing or not allowed")
    tool_text = orjson.dumps(tool).decode() if tool else ""
    if len(tool_text) > TOOL_MAX_BYTES:
        raise InvalidRequest("modTool is too large")
    about = _subject(subject)
    with transaction.atomic():
        report = Report.objects.create(
            host=reporter.host,
            reported_by=reporter.did,
            reason_type=reason_type,
            reason=reason,
            tool=tool_text.replace("\\u0000", ""),
            **about,
        )
        evidence.keep(report)
    return report


def _subject(subject: Mapping[str, Any]) -> dict[str, str]:
    """The columns that say whom or what it is about. Raises UnfitSubject."""
    kind = subject.get("$type")
    if kind == REPO_REF and is_did(str(subject.get("did"))):
        return {"subject_did": subject["did"]}
    if kind == STRONG_REF:
        uri, cid = str(subject.get("uri")), str(subject.get("cid"))
        return {"subject_did": _author(uri), "subject_uri": uri, "subject_cid": cid}
    raise UnfitSubject("A report is about an account or a record")


def _author(uri: str) -> str:
    try:
        author = AtUri.parse(uri).authority
    except InvalidSyntax as reason:
        raise UnfitSubject("The subject has no at-URI") from reason
    if not is_did(author):
        raise UnfitSubject("The subject's at-URI has to name a DID")
    return author
