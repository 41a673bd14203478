"""Labels put and taken back: who may, what is news, what is on the record."""

from datetime import UTC, datetime, timedelta

import pytest

from moderation.labels import changes, statements
from moderation.labels.changes import UnfitLabel, Wanted
from moderation.models import AuditEntry, Label
from moderation.permissions import NotAllowed, ReasonNeeded
from protocol import cbor

pytestmark = pytest.mark.django_db

SOMEBODY = "did:plc:somebodyelsesomewhere1"
POST = f"at://{SOMEBODY}/app.bsky.feed.post/3ke6kg3wk222b"
WHY = {"actor": "admin", "reason": "seen"}


def said(labeler) -> list[tuple[str, bool]]:
    rows = Label.objects.of(labeler).order_by("id")
    return [(row.val, row.is_negation) for row in rows]


def test_a_label_is_put_and_taken_back(labeler):
    assert changes.put(labeler, POST, "spam", **WHY)
    assert changes.negate(labeler, POST, "spam", **WHY)
    assert said(labeler) == [("spam", False), ("spam", True)]
    first, last = map(cbor.decode, Label.objects.order_by("id").values_list("body", flat=True))
    assert first["cts"] < last["cts"]


def test_what_was_said_last_is_no_news(labeler):
    assert changes.put(labeler, POST, "spam", **WHY)
    assert not changes.put(labeler, POST, "spam", **WHY)
    assert not changes.negate(labeler, POST, "rude", **WHY)
    assert said(labeler) == [("spam", False)]
    assert AuditEntry.objects.count() == 1


def test_one_value_has_one_last_word(labeler):
    changes.put(labeler, POST, "spam", **WHY)
    changes.negate(labeler, POST, "spam", **WHY)
    changes.put(labeler, POST, "spam", **WHY)
    assert Label.objects.current().count() == 1


def test_another_end_is_news(labeler):
    later = datetime.now(UTC) + timedelta(days=1)
    changes.put(labeler, POST, "spam", **WHY)
    assert changes.put(labeler, POST, "spam", **WHY, expires_at=later)
    assert not changes.put(labeler, POST, "spam", **WHY, expires_at=later)


def test_many_are_written_in_one_order_whoever_says_them(labeler):
    """Two who say the same at once in other orders would wait for each other for ever."""
    dids = [f"did:plc:{n:024d}" for n in range(5)]
    changes.put_many(labeler, [Wanted(did, "spam") for did in reversed(dids)], **WHY)
    assert list(Label.objects.order_by("id").values_list("uri", flat=True)) == dids


def test_the_log_says_what_was_put_on_what(labeler, moderator):
    changes.put(labeler, POST, "spam", actor=moderator, reason=" buys and sells ")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_did, entry.ref) == ("label.put", SOMEBODY, "spam")
    assert (entry.subject_record, entry.reason) == (
        "app.bsky.feed.post/3ke6kg3wk222b",
        "buys and sells",
    )


def test_another_tenants_staff_may_not_label(labeler, birch, staff_of):
    with pytest.raises(NotAllowed):
        changes.put(labeler, POST, "spam", actor=staff_of(birch, "owner"), reason="envy")
    assert not Label.objects.exists()


def test_a_label_needs_a_reason(labeler, moderator):
    with pytest.raises(ReasonNeeded):
        changes.put(labeler, POST, "spam", actor=moderator, reason=" ")


@pytest.mark.parametrize("val", ["", "Spam", "sp am", "spam!", "!", "x" * 101, "späm", "a\0"])
def test_what_readers_drop_is_no_label(labeler, val):
    with pytest.raises(UnfitLabel):
        changes.put(labeler, POST, val, **WHY)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "alice.test",
        "at://alice.test/a.b.c/d",
        "at://did:plc:b",
        "did:plc:b*",
        "did:web:" + "x" * 2_000,
    ],
)
def test_what_is_no_subject_gets_no_label(labeler, uri):
    with pytest.raises(UnfitLabel):
        changes.put(labeler, uri, "spam", **WHY)


def test_many_are_put_at_once(labeler):
    wanted = [Wanted(f"{POST[:-1]}{at}", "spam") for at in "cdefg"]
    assert len(changes.put_many(labeler, [*wanted, wanted[0]], **WHY)) == 5
    assert len(changes.negate_many(labeler, wanted[:2], **WHY)) == 2
    assert AuditEntry.objects.count() == 7


def test_too_many_are_refused_and_none_is_dropped(labeler, monkeypatch):
    monkeypatch.setattr(statements, "AT_ONCE_MAX", 2)
    with pytest.raises(statements.TooManyLabels):
        changes.put_many(labeler, [Wanted(f"{POST}{at}", "spam") for at in "abc"], **WHY)
    assert not Label.objects.exists()


def test_one_that_does_not_fit_stops_all(labeler):
    with pytest.raises(UnfitLabel):
        changes.put_many(labeler, [Wanted(POST, "spam"), Wanted(POST, "Spam")], **WHY)
    assert not Label.objects.exists()


def test_a_redacted_label_leaves_its_negation(labeler):
    changes.put(labeler, POST, "named-somebody", **WHY)
    assert changes.redact(labeler, POST, "named-somebody", **WHY)
    assert said(labeler) == [("named-somebody", True)]
