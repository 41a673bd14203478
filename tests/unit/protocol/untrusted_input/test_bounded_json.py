"""Untrusted JSON: what costs much to read is refused before it is read, honest text is not."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.untrusted_input import bounded_json
from protocol.untrusted_input.bounded_json import TooManyValues
from protocol.untrusted_input.limits import ANSWER, RECORD, InputLimits

# What would take seconds, or hundreds of milliseconds, in readers and encoders.
COSTLY = {
    "objects": b'{"v":[' + b",".join([b"{}"] * 320_000) + b"]}",
    "lists": b'{"v":[' + b",".join([b"[]"] * 320_000) + b"]}",
    "objects with white space": b"[" + b" , ".join([b"{ }"] * 150_000) + b"]",
    "objects of one key": b"[" + b",".join([b'{"":0}'] * 120_000) + b"]",
    "links": b"[" + b",".join([b'{"$link":"x"}'] * 60_000) + b"]",
    "keys": orjson.dumps({f"k{n}": 1 for n in range(60_000)}),
    "the same key again": b"{" + b",".join([b'"":0'] * 60_000) + b"}",
    "integers": orjson.dumps([1] * 490_000),
    "truths": orjson.dumps([True] * 190_000),
    "empty strings": orjson.dumps([""] * 330_000),
    "hidden between strings": b"[" + b",".join([rb'"\\",{}'] * 100_000) + b"]",
    "hidden behind escaped quotes": b"[" + b",".join([rb'"\"",{}'] * 100_000) + b"]",
    "open lists": b"[" * 900_000,
}
EVEN_SO_READ = {
    "punctuation in a text": orjson.dumps({"text": "[a, b]: {c}, " * 70_000}),
    "quotes in a text": orjson.dumps({"text": '"[{' * 150_000}),
    "backslashes before quotes": orjson.dumps(['\\"{[', "\\\\", '\\\\"[,'] * 9_000),
    "as many objects as there may be": orjson.dumps([{}] * (RECORD.containers - 1)),
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_more_than_a_reader_can_afford_is_not_parsed(text: bytes, monkeypatch) -> None:
    monkeypatch.setattr(bounded_json.orjson, "loads", lambda _text: pytest.fail("it was parsed"))
    with pytest.raises(TooManyValues):
        bounded_json.loads(text)


@pytest.mark.parametrize("text", EVEN_SO_READ.values(), ids=EVEN_SO_READ)
def test_punctuation_inside_of_strings_does_not_count(text: bytes) -> None:
    assert bounded_json.loads(text) == orjson.loads(text)


@pytest.mark.long
@given(st.recursive(st.integers(0, 9) | st.text('\\"{}[],:a'), st.lists, max_leaves=40))
def test_the_count_is_of_what_parsing_gives(value: object) -> None:
    text = orjson.dumps(value)
    lists, values = _counted(value)
    assert bounded_json.loads(text, InputLimits(lists, 0, lists + values)) == value
    if lists:
        with pytest.raises(TooManyValues):
            bounded_json.loads(text + b"   ", InputLimits(lists - 1, 0, lists + values))


def _counted(value: object) -> tuple[int, int]:
    """How many lists are in a value, itself included, and how many items in those."""
    pending, lists, items = [value], 0, 0
    for item in pending:
        if isinstance(item, list):
            pending += item
            lists, items = lists + 1, items + len(item)
    return lists, items


def test_an_answer_may_hold_more_than_a_record() -> None:
    text = orjson.dumps([{"a": 0}] * 90_000)
    assert len(bounded_json.loads(text, ANSWER)) == 90_000


@pytest.mark.parametrize("text", [b'"' * 900_000, b'"' + b"\\" * 900_000, b"\\" * 900_000, b""])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match="line 1"):
        bounded_json.loads(text)


def _nested(levels: int, opens: bytes, ends: bytes) -> bytes:
    return opens * levels + b"1" + ends * levels


@pytest.mark.parametrize(("opens", "ends"), [(b"[", b"]"), (b'{"a":', b"}"), (b"[0,", b"]")])
def test_what_is_nested_deeper_than_it_can_be_written_again_is_refused(
    opens: bytes, ends: bytes
) -> None:
    most = RECORD.depth or 0
    assert orjson.dumps([[[bounded_json.loads(_nested(most, opens, ends))]]])
    for levels in (most + 1, 254, 1_000):
        with pytest.raises(TooManyValues, match=f"more than {most} objects and lists inside"):
            bounded_json.loads(_nested(levels, opens, ends))


def test_many_values_side_by_side_are_not_deep() -> None:
    value = {"a": [{"b": [text, 1, None]} for text in '[{"'] * 100}
    assert bounded_json.loads(orjson.dumps(value)) == value
