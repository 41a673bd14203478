"""Methods: kinds, encodings, bodies, defaults."""

from typing import Any

import pytest

from protocol.lexicon import LexiconError, MethodType, catalog
from tests.unit.protocol.lexicon.sample_documents import method_type


def method(nsid: str) -> MethodType:
    found = catalog().method(nsid)
    assert found is not None
    return found


def procedure(properties: dict[str, Any]) -> MethodType:
    schema = {"type": "object", "properties": properties}
    body = {"encoding": "application/json", "schema": schema}
    return method_type({"type": "procedure", "input": body})


@pytest.mark.parametrize(
    ("nsid", "kind", "takes", "gives"),
    [
        ("com.atproto.repo.getRecord", "query", None, "application/json"),
        ("com.atproto.repo.uploadBlob", "procedure", "*/*", "application/json"),
        ("com.atproto.repo.importRepo", "procedure", "application/vnd.ipld.car", None),
        ("com.atproto.sync.subscribeRepos", "subscription", None, None),
    ],
)
def test_a_method_says_what_it_takes_and_gives(
    nsid: str, kind: str, takes: str | None, gives: str | None
) -> None:
    found = method(nsid)
    assert (found.kind, found.input_encoding, found.output_encoding) == (kind, takes, gives)


def test_declared_errors_are_listed() -> None:
    assert "InvalidSwap" in method("com.atproto.repo.createRecord").errors


def test_a_good_body_comes_back_as_it_is() -> None:
    body = {"repo": "a.test", "collection": "app.bsky.feed.post", "record": {"text": "hi"}}
    assert method("com.atproto.repo.createRecord").check_input(body) is body


def test_a_bad_body_is_refused_by_field() -> None:
    with pytest.raises(LexiconError, match='Input must have the property "repo"'):
        method("com.atproto.repo.createRecord").check_input({})


@pytest.mark.parametrize("body", [None, [], "text", 3, {"field": True}])
def test_a_body_of_the_wrong_shape_is_refused(body: Any) -> None:
    with pytest.raises(LexiconError, match="Input"):
        procedure({"field": {"type": "integer", "default": 1}}).check_input(body)


def test_absent_fields_of_a_body_take_their_defaults() -> None:
    body: dict[str, Any] = {}
    checked = procedure({"count": {"type": "integer", "default": 1}}).check_input(body)
    assert (checked, body) == ({"count": 1}, {})


def test_a_field_with_a_default_is_never_missing() -> None:
    codes = method("com.atproto.server.createInviteCodes")
    assert codes.check_input({"useCount": 2}) == {"codeCount": 1, "useCount": 2}


def test_a_present_field_keeps_its_value() -> None:
    counting = procedure({"count": {"type": "integer", "default": 1}})
    assert counting.check_input({"count": 2}) == {"count": 2}


def test_writes_are_a_closed_union() -> None:
    body = {"repo": "a.test", "writes": [{"$type": "com.atproto.repo.applyWrites#move"}]}
    with pytest.raises(LexiconError, match=r"^Input/writes/0 \$type must be one of"):
        method("com.atproto.repo.applyWrites").check_input(body)


def test_an_answer_is_checked() -> None:
    with pytest.raises(LexiconError, match="Output must have"):
        method("com.atproto.repo.getRecord").check_output({"uri": "at://a.test/a.b.c/d"})


def test_a_body_without_schema_may_be_anything() -> None:
    method("com.atproto.repo.importRepo").check_input(b"car")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string"}, "a\0b"),
        ({"type": "array", "items": {"type": "string"}}, ["a", "\0"]),
        ({"type": "string", "knownValues": ["a"]}, "\0"),
        ({"type": "integer"}, 2**63),
        ({"type": "integer"}, -(2**63) - 1),
    ],
)
def test_an_input_holds_nothing_that_a_database_does_not(field: dict[str, Any], value: Any) -> None:
    with pytest.raises(LexiconError, match=r"NUL|64 bits"):
        procedure({"a": field}).check_input({"a": value})


def test_what_is_unknown_in_an_input_is_not_looked_into() -> None:
    body = {"repo": "a.test", "collection": "app.bsky.feed.post", "record": {"text": "a\0b"}}
    assert method("com.atproto.repo.createRecord").check_input(body) is body


def test_nul_in_a_parameter_is_refused() -> None:
    with pytest.raises(LexiconError, match="email must not contain the NUL character"):
        method("com.atproto.admin.searchAccounts").parse_params({"email": ["a\0"]})
