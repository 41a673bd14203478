"""The JSON form: `$link`, `$bytes`, blobs and numbers, in and out."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given

from protocol import atjson, cbor, cid
from tests.unit.protocol import data_model

RAW = cid.of_raw(b"hello")
RAW_TEXT = cid.to_text(RAW)
BLOCK_TEXT = cid.to_text(cid.of_dag_cbor(b"\xa0"))
BLOB = {"$type": "blob", "ref": {"$link": RAW_TEXT}, "mimeType": "image/png", "size": 5}


def value_of(record: dict[str, Any]) -> Any:
    """The decoded form of a record, with bytes and Links."""
    return cbor.decode(atjson.to_cbor(record))


@pytest.mark.long
@given(data_model.json_objects)
def test_plain_json_comes_back_as_it_went_in(record: dict[str, Any]) -> None:
    assert orjson.loads(atjson.from_cbor(atjson.to_cbor(record))) == record


@given(data_model.json_objects)
def test_the_value_form_encodes_to_the_same_bytes(record: dict[str, Any]) -> None:
    assert cbor.encode(value_of(record)) == atjson.to_cbor(record)


@given(data_model.values)
def test_a_decoded_value_shows_as_json_and_reads_back(value: Any) -> None:
    record = {"value": value}
    if data_model.is_json_safe(record):
        assert value_of(atjson.from_value(record)) == record


def test_links_bytes_and_blobs_become_values() -> None:
    record = {"link": {"$link": BLOCK_TEXT}, "bytes": {"$bytes": "aGk"}, "blob": BLOB}
    value = value_of(record)
    assert value["link"] == cbor.Link(cid.from_text(BLOCK_TEXT))
    assert value["bytes"] == b"hi"
    assert value["blob"] == {**BLOB, "ref": cbor.Link(RAW)}
    assert atjson.from_value(value) == record


def test_base64_may_be_padded_on_the_way_in_and_is_not_on_the_way_out() -> None:
    assert atjson.from_cbor(atjson.to_cbor({"a": {"$bytes": "aA=="}})) == b'{"a":{"$bytes":"aA"}}'


@pytest.mark.parametrize("text", ["1.0", "1e0", "10e-1", "1"])
def test_integral_floats_are_read_as_integers(text: str) -> None:
    parsed = orjson.loads(f'{{"a":[{{"b":{text}}}],"c":"x"}}')
    before = json.dumps(parsed)
    assert atjson.to_cbor(parsed) == cbor.encode({"a": [{"b": 1}], "c": "x"})
    assert json.dumps(parsed) == before


def test_names_that_javascript_objects_inherit_are_ordinary_keys() -> None:
    record = {"prototype": {"constructor": 1}, "toString": "__proto__"}
    assert orjson.loads(atjson.from_cbor(atjson.to_cbor(record))) == record


def test_the_key_that_javascript_takes_for_the_prototype_is_refused() -> None:
    with pytest.raises(atjson.DataModelError) as fault:
        atjson.to_cbor({"a": [{"__proto__": {"b": 1}}]})
    assert fault.value.path == "/a/0/__proto__"


BAD = {
    "a float": (1.5, "/in/0"),
    "a float too large for an integer": (1e300, "/in/0"),
    "NaN": (float("nan"), "/in/0"),
    "2^53": (2**53, "/in/0"),
    "-2^53": (-(2**53), "/in/0"),
    "2^64 as orjson reads it": (orjson.loads("18446744073709551616"), "/in/0"),
    "a lone surrogate": ({"text": "\ud800"}, "/in/0/text"),
    "a lone surrogate in a key": ({"\ud800": 1}, "/in/0"),
    "a link with more": ({"$link": RAW_TEXT, "x": 1}, "/in/0"),
    "a link that is no text": ({"$link": 5}, "/in/0"),
    "a link of rubbish": ({"$link": "bafy"}, "/in/0"),
    "a link of version 0": ({"$link": "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR"}, "/in/0"),
    "a link in upper case": ({"$link": RAW_TEXT.upper()}, "/in/0"),
    "bytes with more": ({"$bytes": "aGk", "x": 1}, "/in/0"),
    "bytes that are a list": ({"$bytes": [1]}, "/in/0"),
    "bytes of other letters": ({"$bytes": "-_8"}, "/in/0"),
    "bytes of impossible length": ({"$bytes": "a"}, "/in/0"),
    "bytes padded too far": ({"$bytes": "aA==="}, "/in/0"),
    "link and bytes": ({"$bytes": "aGk", "$link": RAW_TEXT}, "/in/0"),
    "an empty type": ({"$type": ""}, "/in/0"),
    "a null type": ({"$type": None, "a": 1}, "/in/0"),
    "a blob with more": ({**BLOB, "alt": "x"}, "/in/0"),
    "a blob with less": ({"$type": "blob", "mimeType": "image/png", "size": 5}, "/in/0"),
    "a blob of a record": ({**BLOB, "ref": {"$link": BLOCK_TEXT}}, "/in/0"),
    "a blob of text": ({**BLOB, "ref": RAW_TEXT}, "/in/0"),
    "a blob of negative size": ({**BLOB, "size": -1}, "/in/0"),
    "a blob of size true": ({**BLOB, "size": True}, "/in/0"),
    "a blob of half a byte": ({**BLOB, "size": 0.5}, "/in/0/size"),
    "a blob without a mime type": ({**BLOB, "mimeType": None}, "/in/0"),
    "bytes that JSON cannot hold": (b"hi", "/in/0"),
}


@pytest.mark.parametrize(("item", "path"), BAD.values(), ids=BAD)
def test_what_the_data_model_lacks_is_refused_with_its_path(item: Any, path: str) -> None:
    with pytest.raises(atjson.DataModelError) as refusal:
        atjson.to_cbor({"fine": [1], "in": [item]})
    assert refusal.value.path == path
    assert path in str(refusal.value)


@pytest.mark.parametrize("top", [[], "text", 1, None, True])
def test_only_an_object_stands_at_the_top(top: Any) -> None:
    with pytest.raises(atjson.DataModelError):
        atjson.to_cbor(top)


def test_nesting_is_read_up_to_the_limit() -> None:
    fits = {"a": data_model.nested(cbor.MAX_DEPTH - 1)}
    assert cbor.decode(atjson.to_cbor(fits)) == fits
    for depth in (cbor.MAX_DEPTH, 1_000, 200_000):
        with pytest.raises(atjson.DataModelError, match="nested deeper") as refusal:
            atjson.to_cbor({"a": data_model.nested(depth)})
        assert refusal.value.path.startswith("/a/0/0")


def test_a_fault_under_a_long_key_is_told_in_few_words() -> None:
    with pytest.raises(atjson.DataModelError) as refusal:
        atjson.to_cbor({"k" * 900_000: {"x" * 50: 1.5}})
    assert refusal.value.path == f"/{'k' * 100}/{'x' * 50}"


def test_stored_integers_beyond_javascript_are_shown_in_full() -> None:
    assert atjson.from_cbor(cbor.encode({"a": 2**63 - 1})) == b'{"a":9223372036854775807}'


@pytest.mark.parametrize("value", [{"$link": "x"}, {"a": {"$bytes": 1, "b": 2}}])
def test_stored_maps_that_look_like_links_are_not_shown(value: Any) -> None:
    with pytest.raises(atjson.DataModelError):
        atjson.from_cbor(cbor.encode(value))
    with pytest.raises(atjson.DataModelError):
        atjson.from_value(value)


def test_legacy_blobs_are_known_by_their_two_fields() -> None:
    assert atjson.is_legacy_blob({"cid": RAW_TEXT, "mimeType": "image/png"})
    assert not atjson.is_legacy_blob({"cid": RAW_TEXT, "mimeType": "image/png", "x": 1})
    assert not atjson.is_legacy_blob({"cid": cbor.Link(RAW), "mimeType": "image/png"})
    assert not atjson.is_legacy_blob([])
