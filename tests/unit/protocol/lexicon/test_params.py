"""Query strings become typed parameters, or a refusal that names the parameter."""

from typing import Any

import pytest

from protocol.lexicon import LexiconError
from tests.unit.protocol.lexicon.sample_documents import query_type

LIMIT = {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}


def refused(properties: dict[str, Any], multi: dict[str, list[str]], **rest: Any) -> str:
    with pytest.raises(LexiconError) as refusal:
        query_type(properties, **rest).parse_params(multi)
    return refusal.value.message


@pytest.mark.parametrize(
    ("schema", "given", "expected"),
    [
        ({"type": "string"}, ["a b"], "a b"),
        ({"type": "integer"}, ["-7"], -7),
        ({"type": "boolean"}, ["true"], True),
        ({"type": "boolean"}, ["false"], False),
        ({"type": "unknown"}, ["x"], "x"),
        ({"type": "array", "items": {"type": "string"}}, ["a", "", "b"], ["a", "b"]),
        ({"type": "array", "items": {"type": "integer"}}, ["1"], [1]),
    ],
)
def test_text_becomes_the_declared_type(
    schema: dict[str, Any], given: list[str], expected: Any
) -> None:
    assert query_type({"x": schema}).parse_params({"x": given}) == {"x": expected}


@pytest.mark.parametrize("multi", [{}, {"limit": []}, {"limit": [""]}])
def test_a_default_fills_in_for_absent_and_empty(multi: dict[str, list[str]]) -> None:
    assert query_type({"limit": LIMIT}).parse_params(multi) == {"limit": 50}


def test_a_default_answers_for_a_required_parameter() -> None:
    assert query_type({"limit": LIMIT}, required=["limit"]).parse_params({}) == {"limit": 50}


def test_unknown_parameters_are_dropped() -> None:
    assert query_type({"a": {"type": "string"}}).parse_params({"b": ["1"]}) == {}


def test_a_query_without_parameters_parses_to_nothing() -> None:
    assert query_type({}).parse_params({"b": ["1"]}) == {}


@pytest.mark.parametrize("multi", [{}, {"repo": [""]}, {"repo": []}])
def test_a_missing_required_parameter_is_named(multi: dict[str, list[str]]) -> None:
    said = refused({"repo": {"type": "string"}}, multi, required=["repo"])
    assert said == 'Params must have the property "repo"'


@pytest.mark.parametrize(
    ("schema", "given", "said"),
    [
        (LIMIT, ["abc"], "x must be an integer"),
        (LIMIT, ["1.0"], "x must be an integer"),
        (LIMIT, ["9" * 5000], "x must be an integer"),
        (LIMIT, ["\u0663"], "x must be an integer"),
        (LIMIT, ["0"], "x can not be less than 1"),
        (LIMIT, ["101"], "x can not be greater than 100"),
        (LIMIT, ["1", "2"], "x must not be repeated"),
        ({"type": "boolean"}, ["1"], "x must be a boolean"),
        ({"type": "string", "format": "did"}, ["junk"], "x must be a valid did"),
        (
            {"type": "array", "items": {"type": "string"}, "maxLength": 1},
            ["a", "b"],
            "x must not have more than 1 elements",
        ),
        (
            {"type": "array", "items": {"type": "string", "format": "did"}},
            ["did:web:a.test", "b"],
            "x/1 must be a valid did",
        ),
    ],
)
def test_a_bad_parameter_is_named(schema: dict[str, Any], given: list[str], said: str) -> None:
    assert refused({"x": schema}, {"x": given}) == said


@pytest.mark.parametrize("name", ["'", "\n", "'] = 1 #", "\\"])
def test_no_parameter_name_becomes_code(name: str) -> None:
    field = {"type": "string", "default": name}
    assert query_type({name: field}).parse_params({}) == {name: name}
    assert query_type({name: field}).parse_params({name: ["a"]}) == {name: "a"}
