"""The catalog finds record types and methods, and compiles documents from elsewhere."""

import pytest

from protocol.lexicon import Catalog, DocumentError, catalog, compile_documents
from tests.unit.protocol.lexicon.sample_documents import NSID, record_document


def test_there_is_one_catalog_of_bundled_documents() -> None:
    assert catalog() is catalog()


def test_a_type_is_made_once() -> None:
    assert catalog().record("app.bsky.feed.like") is catalog().record("app.bsky.feed.like")
    name = "com.atproto.repo.getRecord"
    assert catalog().method(name) is catalog().method(name)


@pytest.mark.parametrize(
    "nsid",
    [
        "com.example.nobody",
        "../../etc/passwd",
        "",
        "app.bsky.feed.defs",
        "com.atproto.repo.getRecord",
    ],
)
def test_what_is_no_record_is_none(nsid: str) -> None:
    assert catalog().record(nsid) is None


@pytest.mark.parametrize("nsid", ["com.example.nobody", "app.bsky.feed.post", "app.bsky.feed.defs"])
def test_what_is_no_method_is_none(nsid: str) -> None:
    assert catalog().method(nsid) is None


def test_a_permission_set_is_neither_but_its_document_is_there() -> None:
    nsid = "com.atproto.moderation.basePermissionSet"
    document = record_document({})
    document["defs"]["main"] = {"type": "permission-set", "permissions": []}
    made = Catalog([{**document, "id": nsid}])
    assert (made.record(nsid), made.method(nsid)) == (None, None)
    assert made.document(nsid) is not None


def test_a_given_document_wins_over_a_bundled_one() -> None:
    document = {**record_document({}), "id": "app.bsky.feed.post"}
    post = Catalog([document]).record("app.bsky.feed.post")
    assert post is not None
    post.check({"$type": "app.bsky.feed.post"})


def test_a_given_document_may_refer_to_bundled_ones() -> None:
    subject = {"type": "ref", "ref": "com.atproto.repo.strongRef"}
    liked = compile_documents([record_document({"subject": subject})]).record(NSID)
    assert liked is not None
    cid = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
    liked.check({"$type": NSID, "subject": {"uri": "at://a.test/a.b.c/d", "cid": cid}})


def test_a_broken_document_is_refused_at_once() -> None:
    with pytest.raises(DocumentError, match="Lexicon/defs/main/record/properties/a/type"):
        compile_documents([record_document({"a": {"type": "float"}})])
