"""Statements of a labeler: signed and written down, the last on each subject and value marked.

A statement that says what was said last is no news and writes nothing, so whatever is repeated
(a task, a click, a bulk action that was cut off) reaches readers once.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction

from moderation.labels import signing
from moderation.labels.signing import Statement
from moderation.models import Label, Labeler
from protocol.errors import InvalidRequest, XrpcError
from server.database import connection

AT_ONCE_MAX: Final = 1_000
_TURNS_MAX: Final = 5
_TICK: Final = timedelta(milliseconds=1)  # what `cts` is told in
_INSERT: Final = """
    INSERT INTO label (labeler_id, did_key, src, is_current, uri, cid, val, is_negation,
        labelled_at, expires_at, body)
    SELECT %s, %s, %s, true, l.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::boolean[],
        %s::timestamptz[], %s::timestamptz[], %b::bytea[]) l
    ON CONFLICT (labeler_id, uri, val) WHERE is_current DO NOTHING
    RETURNING uri, val
"""
# Each by the index of last words: whatever the planner believes of the table, a batch is so many
# look-ups, in the order in which the batch names them.
_LAST: Final = """
    SELECT l.* FROM unnest(%s::text[], %s::text[]) w(uri, val) CROSS JOIN LATERAL (
        SELECT id, uri, val, cid, is_negation, labelled_at, expires_at FROM label
        WHERE labeler_id = %s AND uri = w.uri AND val = w.val AND is_current LIMIT 1 FOR UPDATE
    ) l
"""
_Named = tuple[str, str]  # uri and val


class _Last(NamedTuple):
    """The last word on a subject and value, as far as what is said next depends on it."""

    pk: int
    uri: str
    val: str
    cid: str
    is_negation: bool
    labelled_at: datetime
    expires_at: datetime | None


class Contended(XrpcError):
    """503: others labelled the same subjects at the same moment, again and again."""

    name = "NotEnoughResources"
    status = 503
    message = "Others are labelling the same subjects; please try again"


class TooManyLabels(InvalidRequest):
    """400: more than are said at once."""

    message = f"At most {AT_ONCE_MAX} labels at once"


def say(labeler: Labeler, statements: Sequence[Statement]) -> list[Statement]:
    """Write down those of the statements that are news; returns them.

    In the caller's transaction, if there is one. Raises TooManyLabels, Contended.
    """
    if len(statements) > AT_ONCE_MAX:
        raise TooManyLabels
    # In one order, whoever says them: of two that say the same, none waits for the other's end
    ordered = sorted(statements, key=lambda each: (each.uri, each.val))
    wanted = {(each.uri, each.val): each for each in ordered}
    said: list[Statement] = []
    with transaction.atomic():
        for _ in range(_TURNS_MAX):
            news = _news(labeler, wanted)
            written = _write(labeler, news) if news else set()
            said += [each for each in news if (each.uri, each.val) in written]
            if len(written) == len(news):
                return said
            wanted = {name: wanted[name] for name in wanted.keys() - written}
    raise Contended


def _news(labeler: Labeler, wanted: dict[_Named, Statement]) -> list[Statement]:
    """What differs from the last word, which is the last no longer; each later than it."""
    now = datetime.now(UTC)
    named = [uri for uri, _ in wanted], [val for _, val in wanted]
    found = connection.rows(_LAST, (*named, labeler.pk), is_planned_anew=True)
    rows = [_Last._make(row) for row in found]
    last = {(row.uri, row.val): row for row in rows}
    news, outdated = [], []
    for name, statement in wanted.items():
        before = last.get(name)
        if not _is_news(before, statement, now):
            continue
        if before is not None:
            outdated.append(before.pk)
        at = now if before is None else max(now, before.labelled_at + _TICK)
        news.append(replace(statement, labelled_at=at))
    if outdated:
        Label.objects.filter(pk__in=outdated).update(is_current=False)
    return news


def _is_news(before: _Last | None, statement: Statement, now: datetime) -> bool:
    if before is None or before.is_negation or statement.is_negation:
        is_there = before is not None and not before.is_negation
        return is_there == statement.is_negation
    is_over = before.expires_at is not None and before.expires_at <= now
    said_before = (before.cid, before.expires_at)
    return is_over or said_before != (statement.cid, statement.expires_at)


def _write(labeler: Labeler, news: Sequence[Statement]) -> set[_Named]:
    """The names of those that were written; somebody else was faster with the others."""
    key = signing.key_of(labeler.pk, labeler.signing_did_key)
    columns = (
        [each.uri for each in news],
        [each.cid for each in news],
        [each.val for each in news],
        [each.is_negation for each in news],
        [each.labelled_at for each in news],
        [each.expires_at for each in news],
        [signing.signed(each, key) for each in news],
    )
    rows = connection.rows(_INSERT, (labeler.pk, key.did_key, labeler.did, *columns))
    return {(uri, val) for uri, val in rows}
