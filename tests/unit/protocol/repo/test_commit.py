"""Commits: the bytes that are signed, and what a strict reader refuses."""

from hashlib import sha256
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cid
from protocol.keys import SigningKey
from protocol.mst import build
from protocol.repo import commit
from protocol.repo.commit import CommitError

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
REV = "3ke6kg3wk222b"
EMPTY_ROOT = build([])[0]
KEY = SigningKey.load("k256", bytes(31) + b"\x07")


class BlankKey(SigningKey):
    """Keeps what it was asked to sign; its signature is 64 zero bytes, as in the vector."""

    def sign(self, message: bytes) -> bytes:
        self.message = message
        return bytes(64)


def fields(**changed: Any) -> dict[str, Any]:
    """A proper commit as cbor2 writes it, with some fields changed."""
    link = cbor2.CBORTag(42, b"\0" + EMPTY_ROOT)
    proper = {"did": DID, "version": 3, "data": link, "rev": REV, "prev": None, "sig": bytes(64)}
    return proper | changed


def block_of(value: Any) -> bytes:
    return cbor2.dumps(value, canonical=True)


def test_signed_bytes_and_cid_match_the_vector() -> None:
    key = BlankKey()
    signed = commit.sign(DID, REV, EMPTY_ROOT, key)
    assert len(key.message) == 118
    assert sha256(key.message).hexdigest() == (
        "acfe195a76340a1001ead2edede41418608f3680ed3522c29179c7a3bb6b1d61"
    )
    assert cid.to_text(signed.cid) == "bafyreiccjdrrfbnze44va2h2ghzvhn7x5r2ptwqr5wrhlbxisn2mtbdl54"


def test_block_equals_what_an_independent_encoder_writes() -> None:
    assert commit.sign(DID, REV, EMPTY_ROOT, BlankKey()).block == block_of(fields())


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_commit_verifies_under_the_key_that_signed_it(curve: Any) -> None:
    key = SigningKey.generate(curve)
    signed = commit.sign(DID, REV, EMPTY_ROOT, key)
    read = commit.parse(signed.block)
    assert read.verify(key.public)
    assert not read.verify(SigningKey.generate(curve).public)


def test_reading_gives_back_what_was_signed() -> None:
    read = commit.parse(commit.sign(DID, REV, EMPTY_ROOT, KEY).block)
    assert (read.did, read.rev, read.data, read.prev) == (DID, REV, EMPTY_ROOT, None)
    assert len(read.sig) == 64


@pytest.mark.parametrize(
    "changed", [{"did": "did:plc:another"}, {"rev": "3ke6kg3wk222c"}, {"prev": True}]
)
def test_signature_covers_every_field(changed: dict[str, Any]) -> None:
    signed = cbor2.loads(commit.sign(DID, REV, EMPTY_ROOT, KEY).block)
    if "prev" in changed:
        changed = {"prev": signed["data"]}
    assert not commit.parse(block_of(signed | changed)).verify(KEY.public)


def test_link_left_by_version_two_is_read_and_signed() -> None:
    prev = cbor2.CBORTag(42, b"\0" + EMPTY_ROOT)
    unsigned = fields(prev=prev)
    del unsigned["sig"]
    read = commit.parse(block_of(unsigned | {"sig": KEY.sign(block_of(unsigned))}))
    assert read.prev == EMPTY_ROOT
    assert read.verify(KEY.public)


BAD_FIELDS: list[dict[str, Any]] = [
    {"did": "alice.test"},
    {"did": b"did:plc:x"},
    {"did": None},
    {"version": 2},
    {"version": "3"},
    {"version": True},
    {"rev": "not a tid"},
    {"rev": 3},
    {"data": None},
    {"data": EMPTY_ROOT},
    {"prev": False},
    {"sig": bytes(63)},
    {"sig": "s" * 64},
    {"another": None},
]


@pytest.mark.parametrize("changed", BAD_FIELDS, ids=str)
def test_wrong_field_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(CommitError):
        commit.parse(block_of(fields(**changed)))


@pytest.mark.parametrize("missing", ["did", "version", "data", "rev", "prev", "sig"])
def test_missing_field_is_refused(missing: str) -> None:
    value = fields()
    del value[missing]
    with pytest.raises(CommitError):
        commit.parse(block_of(value))


@pytest.mark.parametrize("block", [b"", b"\x80", b"\xa0", b"\xf6", block_of(fields()) + b"\0"])
def test_what_is_no_commit_is_refused(block: bytes) -> None:
    with pytest.raises(cbor.CborError):
        commit.parse(block)


@given(st.binary(max_size=250))
@settings(deadline=None)
def test_random_bytes_never_crash_the_parser(block: bytes) -> None:
    with pytest.raises(cbor.CborError):
        commit.parse(block)


@given(st.integers(0), st.integers(1, 255))
@settings(deadline=None)
def test_mutated_commits_are_refused_or_do_not_verify(position: int, flip: int) -> None:
    block = bytearray(commit.sign(DID, REV, EMPTY_ROOT, KEY).block)
    block[position % len(block)] ^= flip
    try:
        read = commit.parse(bytes(block))
    except cbor.CborError:
        return
    assert not read.verify(KEY.public)
