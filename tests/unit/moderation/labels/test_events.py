"""The label stream: one frame a label, from any place, in the order of their numbers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from moderation.labels import changes
from moderation.labels.events import LABELS
from moderation.models import Labeler
from protocol.event_stream import frames, json_frames
from repos.events.streams.feed import Feed
from repos.events.streams.following import FutureCursor, follow
from server.database.connection import conninfo
from tests import factories
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db(transaction=True)

POST = "at://did:plc:bob/app.bsky.feed.post/a"
WHY = {"actor": "admin", "reason": "seen"}
Heard = list[tuple[int, str, bool]]


def said(labeler: Labeler) -> None:
    """A label, another one, and the first taken back."""
    changes.put(labeler, POST, "spam", **WHY)
    changes.put(labeler, POST, "rude", **WHY)
    changes.negate(labeler, POST, "spam", **WHY)
    numbering.number_labels()


def heard(tenant_id: int, cursor: int | None, count: int, live: Callable[[], Any] | None) -> Heard:
    """(seq, val, neg) of the next frames, while `live` is done in a thread."""

    async def run() -> Heard:
        feed = Feed(LABELS, conninfo())
        feed.start()
        try:
            stream = await follow(feed, tenant_id, cursor)
            if live is not None:
                await asyncio.to_thread(in_thread, live)
            found: Heard = []
            while len(found) < count:
                batch = await asyncio.wait_for(anext(stream), 60)
                found += [one(frame) for frame in batch]
            await stream.aclose()
            return found
        finally:
            await feed.stop()

    return asyncio.run(run())


def in_thread(work: Callable[[], Awaitable[None]]) -> None:
    from django.db import connection

    work()
    connection.close()


def one(frame: bytes) -> tuple[int, str, bool]:
    header, body = frames.parse(frame)
    assert header == {"op": 1, "t": "#labels"}
    (label,) = body["labels"]
    return body["seq"], label["val"], label.get("neg", False)


SAID = [(1, "spam", False), (2, "rude", False), (3, "spam", True)]


def test_from_nought_everything_comes(labeler):
    said(labeler)
    assert heard(labeler.pk, 0, 3, None) == SAID


def test_a_cursor_is_the_last_that_was_seen(labeler):
    said(labeler)
    assert heard(labeler.pk, 2, 1, None) == SAID[2:]


def test_without_a_cursor_only_what_is_new_comes(labeler):
    said(labeler)

    def more() -> None:
        changes.put(labeler, POST, "spam", **WHY)
        numbering.number_labels()

    assert heard(labeler.pk, None, 1, more) == [(4, "spam", False)]


def test_what_is_kept_and_what_is_new_meet(labeler):
    changes.put(labeler, POST, "early", **WHY)
    numbering.number_labels()
    vals = [val for _, val, _ in heard(labeler.pk, 0, 4, lambda: said(labeler))]
    assert vals == ["early", "spam", "rude", "spam"]


def test_a_cursor_of_another_stream_is_refused(labeler):
    said(labeler)
    with pytest.raises(FutureCursor):
        heard(labeler.pk, 4, 1, None)


def test_a_tenant_without_a_labeler_has_said_nothing(birch):
    with pytest.raises(FutureCursor):
        heard(birch.tenant_id, 1, 1, None)


def test_each_labeler_counts_by_itself(labeler, birch):
    theirs = factories.labeler(factories.open_account(birch))
    changes.put(theirs, POST, "theirs", **WHY)
    said(labeler)
    assert heard(theirs.pk, 0, 1, None) == [(1, "theirs", False)]
    assert heard(labeler.pk, 0, 3, None) == SAID


def test_a_redacted_label_is_not_in_what_is_kept(labeler):
    said(labeler)
    changes.put(labeler, POST, "spam", **WHY)
    changes.redact(labeler, POST, "spam", **WHY)
    numbering.number_labels()
    assert heard(labeler.pk, 0, 2, None) == [(2, "rude", False), (4, "spam", True)]


def test_the_same_in_json():
    frame = frames.labels(b"\xa1\x63sig\x42\x01\x02", 7)
    text = json_frames.from_frame("com.atproto.label.subscribeLabels", frame)
    assert b'"$type":"com.atproto.label.subscribeLabels#labels"' in text
    assert b'{"sig":{"$bytes":"AQI"}}' in text
