"""Labels are found by subject and by beginning, in order, page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from moderation.labels import changes, queries, signing
from moderation.labels.changes import Wanted
from moderation.models import Label
from protocol import atjson, cbor
from protocol.errors import InvalidRequest
from protocol.keys import PublicKey, SigningKey
from tests import factories

pytestmark = pytest.mark.django_db

BOB = "did:plc:bob"
POSTS = [f"at://{BOB}/app.bsky.feed.post/{name}" for name in ("a", "a%", "a_", "ab", "b")]
WHY = {"actor": "admin", "reason": "seen"}


@pytest.fixture
def labelled(ash, labeler):
    """Five posts and their author."""
    wanted = [Wanted(uri, "spam") for uri in POSTS if "%" not in uri]
    changes.put_many(labeler, [*wanted, Wanted(BOB, "rude")], **WHY)
    return labeler


def found(labeler, *patterns: str, sources=None, limit=50, cursor=None) -> list[str]:
    page = queries.query(labeler.pk, patterns, sources, limit, cursor)
    return [label["uri"] for label in page.labels]


def test_a_subject_is_found_by_its_name_alone(labelled):
    assert found(labelled, POSTS[0]) == [POSTS[0]]
    assert found(labelled, POSTS[0][:-1]) == []
    assert found(labelled, BOB, POSTS[4]) == [POSTS[4], BOB]


def test_a_beginning_finds_what_goes_on(labelled):
    assert found(labelled, f"at://{BOB}/app.bsky.feed.post/a*") == [POSTS[0], *POSTS[2:4]]
    assert len(found(labelled, "at://*", f"{BOB}*")) == 5
    assert len(found(labelled, "*")) == 5


@pytest.mark.parametrize(
    "pattern", ["%", "at://%", POSTS[1], "at://did:plc:bo_*", "\\*", "at://%*"]
)
def test_no_other_character_means_anything(labelled, pattern):
    assert found(labelled, pattern) == []


def test_an_underscore_is_an_underscore(labelled):
    assert found(labelled, POSTS[2]) == [POSTS[2]]


@pytest.mark.parametrize("pattern", ["**", "*a", "at://*/app.bsky.feed.post/*", "a*b"])
def test_a_star_stands_at_the_end_alone(labelled, pattern):
    with pytest.raises(InvalidRequest, match="invalid pattern: "):
        found(labelled, pattern)


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.0", "1e3", "٣", "9" * 19, "9" * 500])
def test_a_cursor_is_one_of_ours(labelled, cursor):
    with pytest.raises(InvalidRequest, match="invalid cursor"):
        found(labelled, "*", cursor=cursor)


def test_pages_follow_each_other(labelled):
    seen, cursor = [], None
    for _ in range(3):
        page = queries.query(labelled.pk, ["*"], None, 2, cursor)
        seen += [label["uri"] for label in page.labels]
        cursor = page.cursor
    assert seen == [*(uri for uri in POSTS if "%" not in uri), BOB]
    assert cursor is None


def test_labels_are_of_the_sources_that_were_asked_for(labelled):
    assert len(found(labelled, "*", sources=[labelled.did, "did:plc:other"])) == 5
    assert found(labelled, "*", sources=["did:plc:other"]) == []


def test_a_label_taken_back_says_so_and_comes_last(labelled):
    changes.negate(labelled, POSTS[0], "spam", **WHY)
    page = queries.query(labelled.pk, ["*"], None, 50)
    assert (page.labels[-1]["uri"], page.labels[-1]["neg"]) == (POSTS[0], True)
    assert len(page.labels) == 5


def test_a_label_that_has_expired_is_still_told_of(labelled):
    later = datetime.now(UTC) + timedelta(days=1)
    changes.put(labelled, POSTS[4], "rude", **WHY, expires_at=later)
    Label.objects.filter(val="rude").update(expires_at=datetime.now(UTC))
    assert found(labelled, POSTS[4]) == [POSTS[4], POSTS[4]]


def test_a_label_of_an_older_key_is_signed_anew_on_its_way_out(labelled):
    key = SigningKey.generate()
    signing.store(labelled, key)
    before = queries.query(labelled.pk, [BOB], None, 1).labels[0]
    labelled.signing_did_key = key.did_key
    labelled.save()
    after = queries.query(labelled.pk, [BOB], None, 1).labels[0]
    signature = cbor.decode(atjson.to_cbor({"sig": after.pop("sig")}))["sig"]
    del before["sig"]
    assert before == after
    assert PublicKey.from_did_key(key.did_key).verify(atjson.to_cbor(after), signature)


def test_another_tenants_labels_are_never_found(labelled, birch):
    theirs = factories.labeler(factories.account_row(birch))
    assert found(theirs, "*") == []
    assert queries.query(10**9, ["*"], None, 50).labels == []


def test_too_many_patterns_are_refused(labelled):
    with pytest.raises(queries.TooManyPatterns):
        found(labelled, *map(str, range(101)))
