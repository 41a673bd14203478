"""Changes of labels: put on an account or a record and taken back, with a reason, on the record.

Labels, their audit entries and what they do to subjects of ours (moderation.labels.hiding) are one
transaction. Whoever puts a label twice, or takes one back that is not there, changes nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from moderation import audit, permissions
from moderation.audit import Actor
from moderation.labels import hiding, setting_up, statements
from moderation.labels.signing import Statement
from moderation.models import AuditEntry, Label, Labeler
from moderation.permissions import Deed
from protocol.cid import InvalidCid, from_text
from protocol.errors import InvalidRequest
from protocol.syntax import AtUri, InvalidSyntax, is_did

# What is not written so is dropped by readers; longer names they cannot show.
_VALUE: Final = re.compile(r"!?[a-z][a-z-]*")
VALUE_MAX_CHARS: Final = 100
URI_MAX_CHARS: Final = 2_000  # what an index entry of Postgres holds


class UnfitLabel(InvalidRequest):
    """400: not a label's name, not a subject, or an end that is past; the message says which."""


class UnfitValue(UnfitLabel):
    """400: not a label's name."""

    field = "val"
    message = "A label is small letters and hyphens, system labels after a !"
    page_text = _("Use small letters and hyphens only.")


class UnfitSubject(UnfitLabel):
    """400: not what a label can be put on."""

    field = "uri"
    message = "A label is put on a DID, or on a record by an at-URI with a DID"
    page_text = _("Enter a DID, or the at-URI of a record with a DID.")


class PastExpiry(UnfitLabel):
    """400: the label would be over at once."""

    field = "expires_at"
    message = "The label would have expired already"
    page_text = _("Choose a time to come.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label to put, or to take back."""

    uri: str  # a DID, or an at-URI
    val: str
    cid: str = ""  # of the version that is meant
    expires_at: datetime | None = None


def put(  # noqa: PLR0913 - a label has that many sides
    labeler: Labeler,
    uri: str,
    val: str,
    *,
    actor: Actor,
    reason: str,
    cid: str = "",
    expires_at: datetime | None = None,
) -> bool:
    """Put a label on a DID or an at-URI; whether that was news.

    Raises NotAllowed, ReasonNeeded, LabelerRetired, UnfitLabel, and what a takedown raises where
    the label means one.
    """
    return bool(put_many(labeler, [Wanted(uri, val, cid, expires_at)], actor=actor, reason=reason))


def negate(labeler: Labeler, uri: str, val: str, *, actor: Actor, reason: str) -> bool:
    """Take a label back; whether it was there. Raises as `put` does."""
    return bool(negate_many(labeler, [Wanted(uri, val)], actor=actor, reason=reason))


def put_many(
    labeler: Labeler, wanted: Sequence[Wanted], *, actor: Actor, reason: str
) -> list[Statement]:
    """Put many labels, `statements.AT_ONCE_MAX` at the most, for one reason; those that were news.
    Raises as `put` does, and TooManyLabels: all are put or none."""
    return _say(labeler, wanted, actor, reason, is_negation=False)


def negate_many(
    labeler: Labeler, wanted: Sequence[Wanted], *, actor: Actor, reason: str
) -> list[Statement]:
    """Take many labels back; those that were there."""
    return _say(labeler, wanted, actor, reason, is_negation=True)


def redact(labeler: Labeler, uri: str, val: str, *, actor: Actor, reason: str) -> bool:
    """Take a label back and its words out of the stream: whoever reads from the beginning gets the
    negation alone. Whether it was there. Raises as `put` does."""
    with transaction.atomic():
        was_there = negate(labeler, uri, val, actor=actor, reason=reason)
        said = Label.objects.of(labeler).filter(uri=uri, val=val, is_current=False)
        said.delete()
    return was_there


def _say(
    labeler: Labeler, wanted: Sequence[Wanted], actor: Actor, reason: str, *, is_negation: bool
) -> list[Statement]:
    deed = Deed.LABELS_NEGATE if is_negation else Deed.LABELS_PUT
    reason = permissions.checked(actor, deed, labeler.tenant_id, reason)
    checked = [_statement(labeler, each, is_negation=is_negation) for each in wanted]
    with transaction.atomic():
        if not is_negation:
            setting_up.keep_at_work(labeler)
        news = statements.say(labeler, checked)
        for statement in news:
            _record(actor, labeler, statement, reason)
            hiding.carry_out(actor, labeler, statement, reason)
    return news


def _statement(labeler: Labeler, wanted: Wanted, *, is_negation: bool) -> Statement:
    now = datetime.now(UTC)
    if len(wanted.val) > VALUE_MAX_CHARS or not _VALUE.fullmatch(wanted.val):
        raise UnfitValue
    if not is_subject(wanted.uri):
        raise UnfitSubject
    if wanted.cid and not _is_cid(wanted.cid):
        raise UnfitLabel("This is not the CID of a record")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise PastExpiry
    return Statement(
        src=labeler.did,
        uri=wanted.uri,
        val=wanted.val,
        labelled_at=now,
        cid=wanted.cid,
        expires_at=wanted.expires_at,
        is_negation=is_negation,
    )


def is_subject(uri: str) -> bool:
    """Whether it names what a label can be put on: never by a handle, which may be another's
    tomorrow."""
    if len(uri) > URI_MAX_CHARS:
        return False
    if is_did(uri):
        return True
    try:
        found = AtUri.parse(uri)
    except InvalidSyntax:
        return False
    return is_did(found.authority) and bool(found.rkey)


def _is_cid(text: str) -> bool:
    try:
        from_text(text)
    except InvalidCid:
        return False
    return True


def _record(actor: Actor, labeler: Labeler, statement: Statement, reason: str) -> None:
    did, _, path = statement.uri.removeprefix("at://").partition("/")
    action = (
        AuditEntry.Action.LABEL_NEGATE if statement.is_negation else AuditEntry.Action.LABEL_PUT
    )
    audit.record_at_host(
        actor,
        labeler.host,
        action,
        reason,
        did=did,
        cid=statement.cid[:100],
        record=path[:1024],
        ref=statement.val,
    )
