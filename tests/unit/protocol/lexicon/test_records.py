"""Record types: the `$type`, and the keys a collection takes."""

import pytest

from protocol.lexicon import Catalog, LexiconError, RecordType, catalog
from tests.unit.protocol.lexicon.sample_documents import NSID, record_document, record_type

POST = {"$type": "app.bsky.feed.post", "text": "hi", "createdAt": "2024-01-01T00:00:00.000Z"}


def keyed(key: str) -> RecordType:
    document = record_document({})
    document["defs"]["main"]["key"] = key
    found = Catalog([document]).record(NSID)
    assert found is not None
    return found


def test_a_post_passes_its_lexicon() -> None:
    post = catalog().record("app.bsky.feed.post")
    assert post is not None
    assert (post.nsid, post.key) == ("app.bsky.feed.post", "tid")
    post.check(POST)


@pytest.mark.parametrize("value", [{**POST, "$type": "app.bsky.feed.like"}, {"text": "hi"}])
def test_the_type_must_be_the_collections(value: dict[str, object]) -> None:
    post = catalog().record("app.bsky.feed.post")
    assert post is not None
    with pytest.raises(LexiconError, match=r"Record/\$type must be app.bsky.feed.post"):
        post.check(value)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_a_record_is_an_object(value: object) -> None:
    with pytest.raises(LexiconError, match="Record must be an object"):
        record_type({}).check(value)


@pytest.mark.parametrize(
    ("key", "rkey"),
    [("tid", "3kznmn7xqxl22"), ("any", "x:y"), ("literal:self", "self"), ("nsid", "a.b.c")],
)
def test_a_fitting_key_passes(key: str, rkey: str) -> None:
    keyed(key).check_rkey(rkey)


@pytest.mark.parametrize(
    ("key", "rkey", "said"),
    [
        ("tid", "self", "must be a valid TID"),
        ("any", "..", "must be a valid Record Key"),
        ("any", "a/b", "must be a valid Record Key"),
        ("literal:self", "other", "must be self"),
        ("nsid", "self", "must be a valid nsid"),
    ],
)
def test_another_key_is_refused(key: str, rkey: str, said: str) -> None:
    with pytest.raises(LexiconError, match=f"rkey {said}"):
        keyed(key).check_rkey(rkey)
