"""Questions about labels: the last word of a tenant's labeler on subjects, in order.

Source: the lexicon com.atproto.label.queryLabels, and Ozone for the words of its refusals. A
pattern is a subject, or with `*` at the end the beginning of some; no other character has a
meaning. Negations and labels that have expired are answered too: who asks sees that they are over.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from moderation.labels import signing
from moderation.models import Label, Labeler, LabelQuerySet
from protocol import atjson
from protocol.errors import InvalidRequest
from server.database import connection, row_numbers

PATTERNS_MAX: Final = 100  # of one question
_ANY: Final = "*"
_LAST: Final = "\U0010ffff"  # sorts after whatever a subject goes on with
_LABELER: Final = """
    SELECT did, signing_did_key FROM labeler WHERE tenant_id = %s AND state <> 'retired'
"""
_LABELS: Final = """
    SELECT id, body, did_key FROM label WHERE labeler_id = %s AND is_current AND id > %s
"""


class InvalidCursor(InvalidRequest):
    """400: a cursor that no answer of ours had."""

    message = "invalid cursor"


class TooManyPatterns(InvalidRequest):
    """400: more than one question may have."""

    message = f"too many uriPatterns: at most {PATTERNS_MAX} in one call"


@dataclass(frozen=True, slots=True)
class Page:
    """Labels as JSON data in the order in which they were put; a cursor when there may be more."""

    labels: list[dict[str, Any]]
    cursor: str | None = None


def query(
    tenant_id: int,
    patterns: Sequence[str],
    sources: Sequence[str] | None,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """The last words on what the patterns name; `sources` are DIDs, None for every one.

    Raises InvalidCursor, TooManyPatterns, InvalidRequest.
    """
    params: list[Any] = [tenant_id, _after(cursor)]
    exact, prefixes = _taken_apart(patterns)
    labeler = connection.row(_LABELER, (tenant_id,))
    if labeler is None or (sources is not None and labeler[0] not in sources):
        return Page([])
    sql = _LABELS
    if _ANY not in patterns:
        named = ["uri = ANY (%s)"] + ["(uri >= %s AND uri < %s)"] * len(prefixes)
        sql += f" AND ({' OR '.join(named)})"
        params += [exact, *(bound for each in prefixes for bound in (each, each + _LAST))]
    with _planned(prefixes):
        rows = connection.rows(f"{sql} ORDER BY id LIMIT %s", (*params, limit))
    shown = [_shown(tenant_id, body, did_key, labeler[1]) for _, body, did_key in rows]
    return Page(shown, str(rows[-1][0]) if len(rows) == limit else None)


def standing(labeler: Labeler, uri: str) -> LabelQuerySet:
    """Labels that were put on a subject and not taken back, for staff to see."""
    labels = Label.objects.of(labeler).current()
    return labels.filter(uri=uri, is_negation=False).order_by("id")


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if (number := row_numbers.read(cursor)) is None:
        raise InvalidCursor
    return number


def _taken_apart(patterns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Whole subjects and beginnings, each once."""
    if len(patterns) > PATTERNS_MAX:
        raise TooManyPatterns
    for pattern in patterns:
        if _ANY in pattern[:-1]:
            raise InvalidRequest(f"invalid pattern: {pattern[:200]}")
    exact = {pattern for pattern in patterns if not pattern.endswith(_ANY)}
    prefixes = {pattern[:-1] for pattern in patterns if pattern.endswith(_ANY)}
    return sorted(exact), sorted(prefixes)


def _planned(prefixes: Sequence[str]) -> AbstractContextManager[None]:
    """How many subjects begin so decides which index is the quick one."""
    return connection.planned_by_value() if prefixes else nullcontext()


def _shown(labeler_id: int, body: bytes, did_key: str, signing_did_key: str) -> dict[str, Any]:
    """The label as JSON data, under the key that the labeler signs with now."""
    if did_key != signing_did_key:
        body = signing.signed_anew(body, signing.key_of(labeler_id, signing_did_key))
    shown: dict[str, Any] = atjson.plain(body)
    return shown
