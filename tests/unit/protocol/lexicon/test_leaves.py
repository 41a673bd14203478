"""Lengths, bytes, links and blobs, as records hold them and as JSON spells them."""

from typing import Any

import pytest

from protocol import cbor
from protocol.lexicon import BlobSizeError, BlobTypeError
from protocol.lexicon.leaves import accepts as mime_accepted
from protocol.lexicon.leaves import grapheme_count, utf8_length
from tests.unit.protocol.lexicon.sample_documents import (
    NSID,
    accepts,
    method_type,
    record_type,
    refusal,
    refused,
)

CID_TEXT = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"
LINK = cbor.Link.decode(CID_TEXT)
BLOB = {"$type": "blob", "ref": LINK, "mimeType": "image/png", "size": 100}


def json_accepts(schema: dict[str, Any], value: Any) -> bool:
    body = {"type": "object", "properties": {"field": schema}}
    procedure = {"encoding": "application/json", "schema": body}
    kind = method_type({"type": "procedure", "input": procedure})
    return refused(kind.check_input, {"field": value}) is None


@pytest.mark.parametrize(("text", "expected"), [("abc", 3), ("é", 2), ("😀", 4), ("\ud800", 3)])
def test_length_is_counted_in_utf8_bytes(text: str, expected: int) -> None:
    assert utf8_length(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("ab\r\nc", 4), ("\n\r", 2), ("e\u0301", 1), ("🇩🇪🏳️‍🌈", 2)]
)
def test_graphemes_are_what_people_count(text: str, expected: int) -> None:
    assert grapheme_count(text) == expected


def test_bytes_in_a_record_are_bytes() -> None:
    schema = {"type": "bytes", "minLength": 2, "maxLength": 3}
    assert accepts(schema, b"ab")
    assert refusal(schema, b"a") == "Record/field must not be smaller than 2 bytes"
    assert refusal(schema, b"abcd") == "Record/field must not be larger than 3 bytes"
    assert refusal(schema, {"$bytes": "YWI"}) == "Record/field must be a byte array"


@pytest.mark.parametrize("text", ["YWI", "YWI=", "YWJj"])
def test_bytes_in_json_are_base64_with_or_without_padding(text: str) -> None:
    assert json_accepts({"type": "bytes", "minLength": 2, "maxLength": 3}, {"$bytes": text})


@pytest.mark.parametrize(
    "value",
    [
        b"ab",
        "YWI",
        {},
        {"$bytes": "YWI", "a": 1},
        *({"$bytes": text} for text in (3, "Y!I", "YWJjZ", "YQ", "YWJjZA")),
    ],
)
def test_other_bytes_in_json_are_refused(value: Any) -> None:
    assert not json_accepts({"type": "bytes", "minLength": 2, "maxLength": 3}, value)


def test_links_are_links_in_records_and_objects_in_json() -> None:
    schema = {"type": "cid-link"}
    assert accepts(schema, LINK)
    assert not accepts(schema, {"$link": CID_TEXT})
    assert json_accepts(schema, {"$link": CID_TEXT})
    assert not json_accepts(schema, LINK)


@pytest.mark.parametrize("value", [CID_TEXT, {"$link": "x"}, {"$link": CID_TEXT, "a": 1}, {}])
def test_other_links_in_json_are_refused(value: Any) -> None:
    assert not json_accepts({"type": "cid-link"}, value)


def test_a_blob_may_be_spelled_either_way() -> None:
    assert accepts({"type": "blob"}, BLOB)
    assert json_accepts({"type": "blob"}, {**BLOB, "ref": {"$link": CID_TEXT}})


@pytest.mark.parametrize(
    "change",
    [{"$type": "other"}, {"ref": CID_TEXT}, {"mimeType": None}, {"size": True}, {"size": -1}],
)
def test_a_blob_with_a_wrong_part_is_refused(change: dict[str, Any]) -> None:
    assert refusal({"type": "blob"}, {**BLOB, **change}) == "Record/field should be a blob ref"


def test_a_legacy_blob_is_refused() -> None:
    assert not accepts({"type": "blob"}, {"cid": CID_TEXT, "mimeType": "image/png"})


def test_a_blob_of_another_type_has_its_own_error() -> None:
    kind = record_type({"field": {"type": "blob", "accept": ["image/*", "video/mp4"]}})
    kind.check({"$type": NSID, "field": BLOB})
    with pytest.raises(BlobTypeError, match="Record/field") as refused:
        kind.check({"$type": NSID, "field": {**BLOB, "mimeType": "text/plain"}})
    assert refused.value.name == "InvalidMimeType"


def test_a_blob_too_large_has_its_own_error() -> None:
    kind = record_type({"field": {"type": "blob", "maxSize": 99}})
    with pytest.raises(BlobSizeError, match="larger than 99 bytes") as refused:
        kind.check({"$type": NSID, "field": BLOB})
    assert refused.value.name == "InvalidSize"


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [("*/*", True), ("image/png", True), ("image/*", True), ("image/p*", False), ("ima/*", False)],
)
def test_mime_patterns_match_whole_types(pattern: str, is_match: bool) -> None:
    assert mime_accepted((pattern,), "image/png") is is_match


def test_unknown_takes_objects_but_no_leaves() -> None:
    assert accepts({"type": "unknown"}, {"a": [1]})
    assert not accepts({"type": "unknown"}, BLOB)
    assert json_accepts({"type": "unknown"}, {"a": [1]})
    assert not json_accepts({"type": "unknown"}, {"$bytes": "YWI"})
    assert not json_accepts({"type": "unknown"}, {"$link": CID_TEXT})
