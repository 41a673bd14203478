"""CIDs as 36 raw bytes and as 59 letters."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import CID

from protocol import cid


@given(st.binary(max_size=64))
def test_text_reads_back_as_the_same_bytes(block: bytes) -> None:
    for name in (cid.of_dag_cbor(block), cid.of_raw(block)):
        assert cid.from_text(cid.to_text(name)) == name
        assert cid.matches(name, block)
        assert not cid.matches(name, block + b"\x00")


@given(st.binary(max_size=64))
def test_another_library_writes_the_same_text(block: bytes) -> None:
    assert cid.to_text(cid.of_raw(block)) == CID.decode(cid.of_raw(block)).encode("base32")


def test_a_blob_is_named_by_a_digest_taken_while_it_streamed() -> None:
    assert cid.raw_from_digest(sha256(b"hello").digest()) == cid.of_raw(b"hello")


def test_a_digest_of_another_length_is_refused() -> None:
    with pytest.raises(cid.InvalidCid):
        cid.raw_from_digest(b"short")


def test_the_two_kinds_are_told_apart() -> None:
    assert cid.is_raw(cid.of_raw(b"a"))
    assert not cid.is_raw(cid.of_dag_cbor(b"a"))


GOOD = cid.to_text(cid.of_raw(b"hello"))
FOREIGN = {
    "version 0": b"\x12\x20" + bytes(32),
    "version 2": b"\x02\x71\x12\x20" + bytes(32),
    "dag-pb": b"\x01\x70\x12\x20" + bytes(32),
    "sha-512": b"\x01\x71\x13\x40" + bytes(64),
    "truncated": b"\x01\x71\x12\x20" + bytes(31),
    "trailing byte": b"\x01\x71\x12\x20" + bytes(33),
    "empty": b"",
}


@pytest.mark.parametrize("raw", FOREIGN.values(), ids=FOREIGN)
def test_foreign_cids_are_refused_in_both_directions(raw: bytes) -> None:
    assert not cid.is_supported(raw)
    with pytest.raises(cid.InvalidCid):
        cid.to_text(raw)
    with pytest.raises(cid.InvalidCid):
        cid.from_text("b" + base64.b32encode(raw).decode().lower().rstrip("="))


@pytest.mark.parametrize(
    "text",
    ["", "b", GOOD.upper(), "B" + GOOD[1:].upper(), GOOD + "=", GOOD[:-1] + "b", " " + GOOD[1:],
     "z" + GOOD[1:], "é" + GOOD[1:], GOOD[:-1] + "\x00", GOOD[:20] + "İ" + GOOD[21:]],
)  # fmt: skip
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(cid.InvalidCid):
        cid.from_text(text)
