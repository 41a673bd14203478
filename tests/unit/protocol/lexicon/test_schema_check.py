"""Lexicon documents themselves are checked before they are compiled."""

from typing import Any

import pytest

from protocol.lexicon import DocumentError
from protocol.lexicon.documents import bundled_nsids, read_bundled
from protocol.lexicon.schema_check import MAX_NESTING, check_document
from tests.unit.protocol.lexicon.sample_documents import NSID, record_document


def document(definitions: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": NSID, "defs": definitions}


def refusal(value: Any) -> str:
    with pytest.raises(DocumentError) as refused:
        check_document(value)
    return refused.value.path


def test_every_bundled_document_but_the_newest_kind_passes() -> None:
    refused = []
    for nsid in bundled_nsids():
        try:
            check_document(read_bundled(nsid))
        except DocumentError:
            refused.append(nsid)
    assert refused == ["social.grain.privateGallery"]  # of type `space`, not in the language yet


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], "Lexicon"),
        ({"lexicon": True}, "Lexicon/lexicon"),
        ({"lexicon": 2}, "Lexicon/lexicon"),
        ({"lexicon": 1, "id": "one-two"}, "Lexicon/id"),
        ({"lexicon": 1, "id": NSID, "defs": []}, "Lexicon/defs"),
        (document({"a#b": {"type": "integer"}}), "Lexicon/defs/a#b"),
        (document({"a": None}), "Lexicon/defs/a"),
        (document({"a": {}}), "Lexicon/defs/a/type"),
        (document({"a": {"type": ["integer"]}}), "Lexicon/defs/a/type"),
        (document({"a": {"type": "query"}}), "Lexicon/defs/a/type"),
        (document({"a": {"type": "unknown"}}), "Lexicon/defs/a/type"),
        (document({"a": {"type": "ref", "ref": "#b"}}), "Lexicon/defs/a/type"),
        (document({"main": {"type": "record"}}), "Lexicon/defs/main"),
        (document({"a": {"type": "array"}}), "Lexicon/defs/a"),
        (document({"main": {"type": "query", "output": {}}}), "Lexicon/defs/main/output/encoding"),
        (document({"main": {"type": "query", "errors": ["E"]}}), "Lexicon/defs/main/errors"),
    ],
)
def test_a_broken_document_is_refused_where_it_breaks(value: Any, path: str) -> None:
    assert refusal(value) == path


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"type": "integer", "minimum": 1.5}, "minimum"),
        ({"type": "integer", "const": 2**63}, "const"),
        ({"type": "integer", "enum": "12"}, "enum"),
        ({"type": "boolean", "default": 1}, "default"),
        ({"type": "string", "maxLength": "3"}, "maxLength"),
        ({"type": "string", "maxLength": -1}, "maxLength"),
        ({"type": "string", "format": "email"}, "format"),
        ({"type": "string", "enum": [1]}, "enum"),
        ({"type": "blob", "accept": "image/*"}, "accept"),
        ({"type": "ref", "ref": "not a name"}, "ref"),
        ({"type": "ref", "ref": "a.b.c#"}, "ref"),
        ({"type": "union", "refs": [""]}, "refs"),
    ],
)
def test_a_field_of_the_wrong_shape_is_refused(schema: dict[str, Any], field: str) -> None:
    assert refusal(record_document({"a": schema})).endswith(f"/properties/a/{field}")


@pytest.mark.parametrize("kind", ["object", "array"])
def test_a_parameter_must_fit_a_query_string(kind: str) -> None:
    items = {"type": "array", "items": {"type": "object"}}
    field = items if kind == "array" else {"type": "object"}
    parameters = {"type": "params", "properties": {"a": field}}
    path = refusal(document({"main": {"type": "query", "parameters": parameters}}))
    assert path.startswith("Lexicon/defs/main/parameters/properties/a")


def test_schemas_nest_only_so_deep() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(MAX_NESTING + 1):
        schema = {"type": "array", "items": schema}
    assert refusal(document({"a": schema})).endswith("/items")


def test_fields_the_language_may_grow_are_welcome() -> None:
    check_document(record_document({"a": {"type": "string", "colour": "red"}}))
