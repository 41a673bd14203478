"""Strict DAG-CBOR: one form for each value, nothing else read, hostile input harmless."""

import time
from typing import Any

import cbor2
import cbrrr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cid
from tests.unit.protocol import data_model

LINK = b"\xd8\x2a\x58\x25\x00" + cid.of_raw(b"hello")


@given(data_model.values)
def test_a_value_reads_back_as_it_was_written(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value


def _write_link(encoder: cbor2.CBOREncoder, link: cbor.Link) -> None:
    encoder.encode(cbor2.CBORTag(42, b"\x00" + link.cid_bytes))


@given(data_model.values)
def test_an_independent_encoder_writes_the_same_bytes(value: Any) -> None:
    assert cbor.encode(value) == cbor2.dumps(value, canonical=True, default=_write_link)


@given(data_model.values)
def test_what_is_our_own_is_written_alike(value: Any) -> None:
    assert cbor.encode_own(value) == cbor.encode(value)


@given(st.binary(max_size=64))
def test_random_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except cbor.CborError:
        return
    assert cbor.encode(value) == data


@given(data_model.values, st.integers(0), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_canonical(value: Any, at: int, byte: int) -> None:
    data = bytearray(cbor.encode(value))
    data[at % len(data)] = byte
    try:
        changed = cbor.decode(bytes(data))
    except cbor.CborError:
        return
    assert cbor.encode(changed) == data


NOT_STRICT = {
    "keys out of order": "a2616201616101",
    "long key before short": "a262616101616201",
    "duplicate key": "a2616101616102",
    "key that is no text": "a10102",
    "indefinite array": "9f01ff",
    "indefinite map": "bf616101ff",
    "indefinite text": "7f6161ff",
    "indefinite bytes": "5f4161ff",
    "float16": "f93c00",
    "float32": "fa3fc00000",
    "float64": "fb3ff8000000000000",
    "float64 that is whole": "fb3ff0000000000000",
    "float inside": "a1616181fb3ff8000000000000",
    "NaN": "fb7ff8000000000000",
    "infinity": "fb7ff0000000000000",
    "undefined": "f7",
    "simple value": "e0",
    "integer not shortest": "1801",
    "text length not shortest": "780161",
    "map length not shortest": "b801616101",
    "tag not shortest": "d9002a" + LINK[2:].hex(),
    "tag 43": "d82b" + LINK[2:].hex(),
    "date": "c074323031332d30332d32315432303a30343a30305a",
    "big number": "c249010000000000000000",
    "link without the zero": "d82a5824" + LINK[5:].hex(),
    "link of text": "d82a6161",
    "link cut short": "d82a43000171",
    "link of nothing": "d82a4100",
    "link of version 0": "d82a5823001220" + "00" * 32,
    "link of dag-pb": "d82a58250001701220" + "00" * 32,
    "link of sha-512": "d82a58450001711340" + "00" * 64,
    "2^63": "1b8000000000000000",
    "2^64-1": "1bffffffffffffffff",
    "-2^63-1": "3b8000000000000000",
    "trailing byte": "0100",
    "invalid UTF-8": "62c328",
    "surrogate": "63eda080",
    "array of 2^56 items": "9b00ffffffffffffff",
    "bytes of 2^63": "5b7fffffffffffffff",
    "cut short": "a16161",
    "nothing": "",
}


@pytest.mark.parametrize("data", NOT_STRICT.values(), ids=NOT_STRICT)
def test_other_forms_are_refused(data: str) -> None:
    with pytest.raises(cbor.CborError):
        cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 2**63, -(2**63) - 1, 2**64, (1,), {1}, bytearray(b"a"), {1: 2}, "\ud800",
     {"\ud800": 1}, Ellipsis, cbor.Link(b"\x12\x20" + bytes(32))],
    ids=repr,
)  # fmt: skip
def test_values_outside_the_model_are_not_written(value: Any) -> None:
    with pytest.raises(cbor.CborError):
        cbor.encode({"inside": [value]})


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_widest_integers_are_read(number: int) -> None:
    assert cbor.decode(cbor.encode(number)) == number


def test_null_differs_from_absence() -> None:
    assert cbor.encode({"a": None}) != cbor.encode({})


def test_bytes_shaped_like_a_cid_stay_bytes() -> None:
    looks_like_a_link = cid.of_raw(b"hello")
    assert cbor.decode(cbor.encode(looks_like_a_link)) == looks_like_a_link


def test_nesting_is_read_and_written_up_to_the_limit() -> None:
    value = data_model.nested(cbor.MAX_DEPTH)
    assert cbor.decode(cbor.encode(value)) == value


@pytest.mark.parametrize("depth", [cbor.MAX_DEPTH + 1, 5_000, 200_000])
def test_deeper_nesting_is_refused(depth: int) -> None:
    with pytest.raises(cbor.CborError, match="nested deeper"):
        cbor.encode(data_model.nested(depth))
    with pytest.raises(cbor.CborError, match="nested deeper"):
        cbor.decode(b"\x81" * (depth - 1) + b"\x80")


def test_depth_is_seen_in_large_values_whose_bytes_look_like_array_heads() -> None:
    text = {"text": "\u0080" * 2000, "list": data_model.nested(cbor.MAX_DEPTH - 1)}
    assert cbor.decode(cbor.encode(text)) == text
    with pytest.raises(cbor.CborError, match="nested deeper"):
        cbor.decode(b"\x82" + cbor.encode("é" * 2000) + b"\xa1\x61a" * 40 + b"\x01")


@pytest.mark.long
@settings(max_examples=30)
@given(st.lists(data_model.values, min_size=20, max_size=20))
def test_large_values_read_back_as_they_were_written(values: list[Any]) -> None:
    padded = [*values, b"\x9f" * 2100]
    assert cbor.decode(cbor.encode(padded)) == padded


def test_nested_claims_of_length_cost_no_time() -> None:
    claims = b"\x9a\x00\x0f\x42\x40" * 100_000 + bytes(1_000_000)
    started = time.process_time()
    with pytest.raises(cbor.CborError):
        cbor.decode(claims)
    assert time.process_time() - started < 2


COSTLY = {
    "maps": b"\x9a\x00\x0d\xbb\xa0" + b"\xa0" * 900_000,
    "lists in lists": b"\x99\x01\x00" + (b"\x98\xc8" + b"\x80" * 200) * 256,
    "one map of many keys": cbrrr.encode_dag_cbor({f"{n:06}": 0 for n in range(60_000)}),
    "integers": b"\x9a\x00\x0d\xbb\xa0" + b"\x01" * 900_000,
    "integers of eight bytes": cbrrr.encode_dag_cbor([2**40] * 140_000),
    "texts": b"\x9a\x00\x0d\xbb\xa0" + b"\x60" * 900_000,
}


@pytest.mark.parametrize("data", COSTLY.values(), ids=COSTLY)
def test_more_than_a_reader_can_afford_is_not_decoded(data: bytes, monkeypatch) -> None:
    monkeypatch.setattr(cbor.cbrrr, "decode_dag_cbor", lambda *_a, **_k: pytest.fail("decoded"))
    with pytest.raises(cbor.CborError, match="more than"):
        cbor.decode(data)


@pytest.mark.parametrize(
    "value",
    [["é" * 400_000, "\u0080" * 100_000], [b"\xa0" * 900_000], [{}] * 19_999, [7] * 131_072],
    ids=["text", "bytes", "maps", "integers"],
)
def test_bytes_that_look_like_heads_do_not_count(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value


def test_tags_inside_one_another_are_left_at_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[int] = []
    read = cbor.read_head
    monkeypatch.setattr(cbor, "read_head", lambda *where: heads.append(1) or read(*where))
    with pytest.raises(cbor.CborError, match="not a link's"):
        cbor.decode(b"\xd8\x2a" * 100_000)
    assert len(heads) == 1
