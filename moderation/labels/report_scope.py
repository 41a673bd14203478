"""Which reports a labeler takes, by its declaration.

Source: app.bsky.labeler.service: `reasonTypes`, `subjectTypes` and `subjectCollections`. A list
that is absent takes all, an empty one none; nothing else is a reason to refuse a report.
"""

from collections.abc import Mapping
from typing import Any

from moderation.models import Labeler
from protocol.errors import InvalidRequest
from protocol.syntax import AtUri, InvalidSyntax


class NotTaken(InvalidRequest):
    """400: the labeler has said that it does not take such reports; the message says which."""


def check(labeler: Labeler, reason_type: str, subject: Mapping[str, Any]) -> None:
    """Whether the labeler takes a report, `subject` as the wire has it. Raises NotTaken."""
    declared = labeler.declaration
    kind = "record" if "uri" in subject else "account"
    collection = _collection(str(subject.get("uri", "")))
    if not _is_in(declared.get("reasonTypes"), reason_type):
        raise NotTaken(f"This labeler does not take reports of {reason_type[:200]}")
    if not _is_in(declared.get("subjectTypes"), kind):
        raise NotTaken(f"This labeler does not take reports about {kind}s")
    if kind == "record" and not _is_in(declared.get("subjectCollections"), collection):
        raise NotTaken(f"This labeler does not take reports about {collection[:200]}")


def _is_in(accepted: list[str] | None, asked: str) -> bool:
    return accepted is None or asked in accepted


def _collection(uri: str) -> str:
    try:
        return AtUri.parse(uri).collection
    except InvalidSyntax:
        return ""
