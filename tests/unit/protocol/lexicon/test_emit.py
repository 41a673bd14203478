"""Each schema type: what fits, what does not, and what the refusal says."""

from typing import Any

import pytest

from protocol.lexicon import DocumentError, LexiconError, catalog
from protocol.lexicon.source import full_name
from tests.unit.protocol.lexicon.sample_documents import NSID, accepts, record_type, refusal

FAMILY = "👩‍👩‍👦‍👦"  # one grapheme, seven code points, 25 bytes


@pytest.mark.parametrize(
    ("ref", "expected"),
    [("#a", "x.y.z#a"), ("a.b.c", "a.b.c#main"), ("a.b.c#d", "a.b.c#d")],
)
def test_a_ref_is_read_from_its_document(ref: str, expected: str) -> None:
    assert full_name("x.y.z", ref) == expected


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "boolean"}, False),
        ({"type": "boolean", "const": True}, True),
        ({"type": "integer"}, -3),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3),
        ({"type": "integer", "enum": [4, 9]}, 9),
        ({"type": "string"}, ""),
        ({"type": "string", "maxLength": 6}, "ééé"),
        ({"type": "string", "minLength": 6}, "ééé"),
        ({"type": "string", "maxGraphemes": 2}, FAMILY * 2),
        ({"type": "string", "maxGraphemes": 2}, "a\r\n"),
        ({"type": "string", "minGraphemes": 2}, FAMILY * 2),
        ({"type": "string", "knownValues": ["a"]}, "b"),
        ({"type": "string", "const": "a"}, "a"),
        ({"type": "array", "items": {"type": "integer"}, "maxLength": 2}, [1, 2]),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1, "other": 2.5}),
        ({"type": "object", "properties": {}, "required": []}, {}),
    ],
)
def test_a_fitting_value_passes(schema: dict[str, Any], value: Any) -> None:
    assert accepts(schema, value)


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "boolean"}, 1, "must be a boolean"),
        ({"type": "boolean", "const": True}, False, "must be true"),
        ({"type": "integer"}, True, "must be an integer"),
        ({"type": "integer"}, 1.0, "must be an integer"),
        ({"type": "integer", "const": 42}, 41, "must be 42"),
        ({"type": "integer", "enum": [4, 9]}, 5, "must be one of (4|9)"),
        ({"type": "integer", "maximum": 3}, 4, "can not be greater than 3"),
        ({"type": "integer", "minimum": 3}, 2, "can not be less than 3"),
        ({"type": "string"}, None, "must be a string"),
        ({"type": "string", "const": "a"}, "b", "must be a"),
        ({"type": "string", "enum": ["a", "b"]}, "c", "must be one of (a|b)"),
        ({"type": "string", "maxLength": 5}, "ééé", "must not be longer than 5 bytes"),
        ({"type": "string", "maxLength": 15}, "😀" * 4, "must not be longer than 15 bytes"),
        ({"type": "string", "minLength": 4}, "é", "must not be shorter than 4 bytes"),
        ({"type": "string", "maxGraphemes": 2}, "abc", "must not be longer than 2 graphemes"),
        ({"type": "string", "minGraphemes": 2}, FAMILY, "must not be shorter than 2 graphemes"),
        ({"type": "string", "format": "datetime"}, "now", "must be a valid atproto datetime"),
        ({"type": "array", "items": {"type": "integer"}}, {}, "must be an array"),
        (
            {"type": "array", "items": {"type": "integer"}, "maxLength": 1},
            [1, 2],
            "must not have more than 1 elements",
        ),
        (
            {"type": "array", "items": {"type": "integer"}, "minLength": 1},
            [],
            "must not have fewer than 1 elements",
        ),
        ({"type": "object", "properties": {}}, [], "must be an object"),
        ({"type": "unknown"}, [], "must be an object"),
    ],
)
def test_a_refusal_names_the_field_and_the_rule(
    schema: dict[str, Any], value: Any, said: str
) -> None:
    assert refusal(schema, value).startswith(f"Record/field {said}")


def test_a_refusal_inside_an_array_names_the_index() -> None:
    schema = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
    assert refusal(schema, [["a"], ["b", 3]]) == "Record/field/1/1 must be a string"


def test_a_required_field_must_be_there() -> None:
    kind = record_type({"a": {"type": "string"}}, required=["a"])
    with pytest.raises(LexiconError, match='Record must have the property "a"'):
        kind.check({"$type": NSID})


def test_a_required_field_without_a_schema_must_be_there() -> None:
    kind = record_type({}, required=["a"])
    with pytest.raises(LexiconError, match='"a"'):
        kind.check({"$type": NSID})


def test_an_optional_field_may_be_absent_but_not_null() -> None:
    kind = record_type({"a": {"type": "string"}})
    kind.check({"$type": NSID})
    with pytest.raises(LexiconError, match="Record/a must be a string"):
        kind.check({"$type": NSID, "a": None})


def test_a_nullable_field_may_be_null_but_nothing_else() -> None:
    kind = record_type({"a": {"type": "string"}}, nullable=["a"], required=["a"])
    kind.check({"$type": NSID, "a": None})
    with pytest.raises(LexiconError, match="Record/a must be a string"):
        kind.check({"$type": NSID, "a": 3})


TREE = {
    "node": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "child": {"type": "ref", "ref": "#node"}},
    }
}


def test_definitions_may_refer_to_themselves() -> None:
    kind = record_type({"root": {"type": "ref", "ref": "#node"}}, defs=TREE)
    kind.check({"$type": NSID, "root": {"name": "a", "child": {"name": "b"}}})
    with pytest.raises(LexiconError, match='Record/root/child must have the property "name"'):
        kind.check({"$type": NSID, "root": {"name": "a", "child": {}}})


def test_a_value_nested_past_the_stack_is_refused() -> None:
    kind = record_type({"root": {"type": "ref", "ref": "#node"}}, defs=TREE)
    value: dict[str, Any] = {"name": "leaf"}
    for _ in range(3000):
        value = {"name": "a", "child": value}
    with pytest.raises(LexiconError, match="nested too deeply"):
        kind.check({"$type": NSID, "root": value})


def test_a_ref_to_a_document_nobody_has_refuses_the_value() -> None:
    schema = {"type": "ref", "ref": "example.test.absent"}
    assert "there is no definition example.test.absent#main" in refusal(schema, {})


def test_a_token_where_a_value_is_wanted_is_its_name() -> None:
    kind = record_type({"why": {"type": "ref", "ref": "#spam"}}, defs={"spam": {"type": "token"}})
    kind.check({"$type": NSID, "why": f"{NSID}#spam"})
    with pytest.raises(LexiconError, match="Record/why must be"):
        kind.check({"$type": NSID, "why": 3})


UNION = {"type": "union", "refs": ["#node", "example.test.absent", "com.atproto.repo.strongRef"]}
STRONG_REF = "com.atproto.repo.strongRef"


def union_refusal(schema: dict[str, Any], value: Any) -> str:
    kind = record_type({"field": schema}, defs=TREE)
    with pytest.raises(LexiconError) as refused:
        kind.check({"$type": NSID, "field": value})
    return refused.value.message


@pytest.mark.parametrize("value", [3, [], {}, {"$type": ""}, {"$type": 3}])
def test_a_union_member_must_say_its_type(value: Any) -> None:
    assert union_refusal(UNION, value).endswith(
        'must be an object which includes the "$type" property'
    )


@pytest.mark.parametrize("type_name", ["example.test.absent", "who.ever.knows#this"])
def test_an_open_union_lets_strangers_pass(type_name: str) -> None:
    record_type({"field": UNION}, defs=TREE).check({"$type": NSID, "field": {"$type": type_name}})


def test_a_closed_union_refuses_strangers() -> None:
    said = union_refusal({**UNION, "closed": True}, {"$type": "who.ever.knows"})
    assert said.startswith("Record/field $type must be one of #node, ")


@pytest.mark.parametrize("type_name", [STRONG_REF, f"{STRONG_REF}#main"])
def test_main_may_be_left_out_or_written(type_name: str) -> None:
    assert union_refusal(UNION, {"$type": type_name}).endswith('must have the property "uri"')


def test_a_members_own_rules_apply() -> None:
    said = union_refusal(UNION, {"$type": f"{NSID}#node", "name": 3})
    assert said == "Record/field/name must be a string"


@pytest.mark.parametrize(
    "name", ["'", '"', "\n", "'''", "\\", "\x00", "\ud800", "{value}", "'] = __import__('os') #"]
)
def test_no_property_name_becomes_code(name: str) -> None:
    kind = record_type({name: {"type": "string", "enum": [name]}}, required=[name])
    kind.check({"$type": NSID, name: name})
    with pytest.raises(LexiconError) as refused:
        kind.check({"$type": NSID, name: 3})
    assert name in refused.value.message


def test_a_type_without_values_can_not_be_compiled() -> None:
    with pytest.raises(DocumentError, match="type 'space'"):
        catalog().of_values.check_of({"type": "space"}, NSID)
