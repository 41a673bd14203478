import pytest

from protocol import atjson, cbor, cid, syntax
from protocol.errors import InvalidRequest
from protocol.lexicon import LexiconError
from repos.commits import writes
from repos.commits.writes import Action, Swap

pytestmark = pytest.mark.django_db  # unknown lexicons are looked up
POST, THING = "app.bsky.feed.post", "com.example.thing"
NOW = "2026-11-22T12:00:00.000Z"


def test_a_missing_type_is_filled_in() -> None:
    write = writes.create(THING, "a", {"n": 1})
    assert cbor.decode(write.block or b"") == {"$type": THING, "n": 1}
    assert write.cid == cid.of_dag_cbor(write.block or b"")


def test_another_type_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match=r"Invalid \$type: expected com.example.thing, got x"):
        writes.create(THING, "a", {"$type": "x"})


def test_a_record_without_a_key_gets_tids_that_ascend() -> None:
    rkeys = [writes.create(THING, None, {"n": n}).rkey for n in range(50)]
    assert all(syntax.is_tid(rkey) for rkey in rkeys)
    assert rkeys == sorted(set(rkeys))


def test_a_singleton_gets_its_literal_key_and_no_other() -> None:
    assert writes.create("app.bsky.actor.profile", None, {}).rkey == "self"
    with pytest.raises(LexiconError):
        writes.put("app.bsky.actor.profile", "other", {})


@pytest.mark.parametrize("record", ["x", [], None, 5, True])
def test_a_record_that_is_no_object_is_refused(record: object) -> None:
    with pytest.raises(InvalidRequest):
        writes.create(THING, "a", record)


@pytest.mark.parametrize("rkey", ["", ".", "..", "a/b", "a b", "x" * 513, "é"])
def test_an_illegal_key_is_refused(rkey: str) -> None:
    with pytest.raises(InvalidRequest):
        writes.put(THING, rkey, {})


def test_a_slur_is_no_key_for_a_record_but_one_that_has_it_can_be_removed() -> None:
    with pytest.raises(InvalidRequest, match="slur"):
        writes.put(THING, "some-faggot", {})
    assert writes.discard(THING, "some-faggot").rkey == "some-faggot"


def test_a_tid_is_a_key_whatever_it_spells() -> None:
    assert writes.put(THING, "3niggerzzzz22", {}).rkey == "3niggerzzzz22"


@pytest.mark.parametrize("collection", ["", "nodots", "two.parts", "a..b.c", "com.exa mple.x"])
def test_a_collection_that_is_no_nsid_is_refused(collection: str) -> None:
    with pytest.raises(InvalidRequest):
        writes.discard(collection, "a")


@pytest.mark.parametrize(
    "value", [1.5, 2**60, {"$link": "nope"}, {"$bytes": 5}, {"$type": "blob", "ref": 1}]
)
@pytest.mark.parametrize("validate", [None, False])
def test_values_outside_the_data_model_are_refused(value: object, validate: bool | None) -> None:
    with pytest.raises(InvalidRequest):
        writes.create(THING, "a", {"x": value}, validate)


def test_a_record_over_a_megabyte_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="too large"):
        writes.create(THING, "a", {"t": "x" * writes.MAX_RECORD_BYTES})


@pytest.mark.parametrize(("validate", "status"), [(None, "unknown"), (False, None)])
def test_an_unknown_lexicon_is_unknown(validate: bool | None, status: str | None) -> None:
    assert writes.create(THING, "a", {}, validate).validation_status == status


def test_an_unknown_lexicon_is_refused_when_a_check_is_asked_for() -> None:
    with pytest.raises(InvalidRequest, match=r"Unknown lexicon type: com\.example\.thing"):
        writes.create(THING, "a", {}, True)


@pytest.mark.parametrize("validate", [None, True])
def test_a_known_lexicon_is_checked(validate: bool | None) -> None:
    assert writes.create(POST, None, {"text": "", "createdAt": NOW}).validation_status == "valid"
    with pytest.raises(LexiconError, match="text"):
        writes.create(POST, None, {"createdAt": NOW}, validate)


@pytest.mark.parametrize("validate", [None, True])
def test_a_key_is_of_the_kind_that_a_known_lexicon_says(validate: bool | None) -> None:
    with pytest.raises(LexiconError, match="rkey must be a valid TID"):
        writes.create(POST, "mine", {"text": "", "createdAt": NOW}, validate)


def test_a_known_lexicon_is_left_alone_when_no_check_is_wished() -> None:
    assert writes.create(POST, "a", {"no": "text"}, False).validation_status is None


def test_blobs_in_the_record_are_found_once_each() -> None:
    link = {"$link": cid.to_text(cid.of_raw(b"hello"))}
    blob = {"$type": "blob", "ref": link, "mimeType": "text/plain", "size": 5}
    write = writes.create(THING, "a", {"one": blob, "many": [blob, {"deep": blob}]})
    assert [(ref.cid, ref.mime_type, ref.size) for ref in write.blobs] == [
        (cid.of_raw(b"hello"), "text/plain", 5)
    ]


def test_an_early_blob_form_is_refused() -> None:
    old = {"cid": cid.to_text(cid.of_raw(b"hello")), "mimeType": "image/png"}
    with pytest.raises(InvalidRequest, match="Legacy"):
        writes.create(THING, "a", {"blob": old}, False)


@pytest.mark.parametrize(
    ("collection", "subject", "expected"),
    [
        ("app.bsky.graph.follow", "did:plc:abc", "did:plc:abc"),
        ("app.bsky.feed.like", {"uri": "at://x", "cid": "y"}, "at://x"),
        ("app.bsky.feed.like", "at://x", None),
        ("app.bsky.graph.follow", "x" * 3000, None),
        ("app.bsky.graph.follow", "a\x00b", None),
        (THING, "did:plc:abc", None),
    ],
)
def test_the_subject_is_known_where_one_subject_has_one_record(
    collection: str, subject: object, expected: str | None
) -> None:
    assert writes.create(collection, "a", {"subject": subject}, False).subject == expected


def test_removals_carry_no_block_and_say_what_they_need() -> None:
    assert writes.delete(THING, "a").action is Action.DELETE
    discard = writes.discard(THING, "a")
    assert (discard.action, discard.cid, discard.swap_record) == (Action.DISCARD, None, Swap.ANY)


def test_a_swap_that_is_no_cid_is_refused() -> None:
    text = cid.to_text(cid.of_raw(b"hello"))
    assert writes.swap_cid(text) == cid.of_raw(b"hello")
    with pytest.raises(InvalidRequest):
        writes.swap_cid("not-a-cid")


def test_the_block_is_what_the_data_model_makes_of_the_json() -> None:
    record = {"$type": THING, "bytes": {"$bytes": "aGk"}, "n": 1.0}
    assert writes.create(THING, "a", record).block == atjson.to_cbor(record)
