"""What subscribers may want, and how they say it."""

import orjson
import pytest

from protocol.errors import InvalidRequest
from repos.events.json_streams import filters
from repos.events.json_streams.encoding import Part
from repos.events.json_streams.filters import Filter

DID = "did:plc:abcdefghijklmnopqrstuvwx"


def event(kind: str = "commit", collection: str = "app.bsky.feed.post", did: str = DID) -> Part:
    return Part(kind.encode(), did.encode(), collection.encode(), b"1", b"1", b"")


def update(**payload: object) -> Filter | None:
    return filters.of_update(orjson.dumps({"type": "options_update", "payload": payload}).decode())


@pytest.mark.parametrize(
    ("wanted", "is_in"),
    [
        ("app.bsky.feed.post", True),
        ("app.bsky.feed.*", True),
        ("app.bsky.*", True),
        ("app.bsky.feed.like", False),
        ("app.bsky.graph.*", False),
    ],
)
def test_collections_are_wanted_by_name_or_by_prefix(wanted: str, is_in: bool) -> None:
    chosen = filters.of_query({"wantedCollections": [wanted]})
    assert chosen.wants(event()) is is_in
    assert chosen.wants(event("account", ""))  # whose account is gone concerns everybody


def test_dids_choose_among_all_kinds() -> None:
    chosen = filters.of_query({"wantedDids": ["did:web:example.com"]})
    assert not chosen.wants(event())
    assert chosen.wants(event("identity", "", "did:web:example.com"))


def test_version_2_chooses_kinds_too() -> None:
    chosen = filters.of_events_query({"kinds": ["commit"], "collections": ["app.bsky.*"]})
    assert chosen.wants(event())
    assert not chosen.wants(event("account", ""))


@pytest.mark.parametrize(
    "query",
    [
        {"wantedCollections": ["app.bsky.fo*"]},
        {"wantedCollections": ["no collection"]},
        {"wantedDids": ["alice"]},
        {"wantedCollections": [f"a.b.c{number}" for number in range(101)]},
    ],
)
def test_what_cannot_be_wanted_is_refused(query: filters.Query) -> None:
    with pytest.raises(InvalidRequest):
        filters.of_query(query)


@pytest.mark.parametrize(
    "query",
    [
        {"wantedDids": [DID]},
        {"kinds": ["handle"]},
        {"kinds": ["account"], "collections": ["a.b.c"]},
        {"maxMessageSizeBytes": ["-1"]},
        {"maxMessageSizeBytes": ["0" * 5_000]},
    ],
)
def test_version_2_refuses_what_version_1_lets_pass(query: filters.Query) -> None:
    with pytest.raises(InvalidRequest):
        filters.of_events_query(query)


@pytest.mark.parametrize(("size", "bound"), [("512", 512), ("-1", 0), ("x", 0), ("", 0)])
def test_version_1_takes_any_size(size: str, bound: int) -> None:
    assert filters.of_query({"maxMessageSizeBytes": [size]}).max_bytes == bound
    assert filters.of_query({"maxMessageSizeBytes": ["9" * 5_000]}).max_bytes > 5_000_000


def test_a_message_replaces_what_was_wanted() -> None:
    chosen = update(wantedCollections=["a.b.c"], wantedDids=[DID], maxMessageSizeBytes=-5)
    assert chosen == Filter(frozenset({b"a.b.c"}), (), frozenset({DID.encode()}))
    assert update() == Filter()
    assert filters.of_update('{"type": "something_else"}') is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"type": 1}', '{"type": "options_update"}', "[" * 200 + "]" * 200],
)
def test_a_message_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        filters.of_update(text)


@pytest.mark.parametrize(
    "payload", [{"wantedDids": "x"}, {"wantedDids": [1]}, {"maxMessageSizeBytes": "1"}]
)
def test_a_message_with_other_types_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        update(**payload)
