"""Content codings: what is offered, what is undone, and what is too much."""

import contextlib
import gzip
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InvalidRequest
from xrpc.proxy import encodings
from xrpc.proxy.encodings import NotAcceptable, Undecodable, decoded, offer, packed

TEXT = b'{"feed":[]}' * 500


@pytest.mark.parametrize(
    ("accepted", "offered"),
    [
        ("", "identity;q=0.1"),
        ("identity", "identity;q=0.1"),
        ("gzip", "gzip;q=1.0,identity;q=0.1"),
        ("GZIP;q=0.5, br", "gzip;q=1.0,br;q=0.8,identity;q=0.1"),
        ("zstd", "identity;q=0.1"),
        ("*", "gzip;q=1.0,deflate;q=0.9,br;q=0.8,identity;q=0.1"),
        ("br, identity;q=0", "br;q=0.8,*;q=0"),
        ("gzip;q=0, *", "deflate;q=0.9,br;q=0.8,identity;q=0.1"),
    ],
)
def test_the_offer_is_what_both_can_read(accepted, offered):
    assert offer(accepted) == offered


@pytest.mark.parametrize("accepted", ["identity;q=0", "zstd, identity;q=0", "*;q=0"])
def test_a_client_that_takes_nothing_of_ours_is_told(accepted):
    with pytest.raises(NotAcceptable):
        offer(accepted)


@pytest.mark.parametrize(
    "accepted",
    ["gzip;q=2", "gzip;q=x", "gzip;x=1", ";q=1", "gzip;q", "q=1", ",", "gzip;q=-1", "gzip;q=nan"],
)
def test_an_offer_that_cannot_be_read_is_refused(accepted):
    with pytest.raises(InvalidRequest, match="Invalid accept-encoding"):
        offer(accepted)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity"])
def test_what_is_packed_can_be_undone(coding):
    text, headers = packed(TEXT, f"{coding}, identity;q={int(coding == 'identity')}")
    assert headers.get("Content-Encoding", "identity") == coding
    assert decoded(text, coding) == TEXT


def test_a_short_text_is_not_packed():
    assert packed(b"{}", "gzip") == (b"{}", {})


def test_a_short_text_is_packed_for_who_takes_nothing_else():
    assert packed(b"{}", "br, identity;q=0")[1] == {"Content-Encoding": "br"}


def test_deflate_is_read_with_and_without_its_header():
    bare = zlib.compressobj(wbits=-15)
    assert decoded(bare.compress(TEXT) + bare.flush(), "deflate") == TEXT
    assert decoded(zlib.compress(TEXT), "deflate") == TEXT


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, brotli.compress])
def test_a_bomb_does_not_go_off(pack):
    coding = {"gzip": "gzip", "zlib": "deflate", "brotli": "br"}[pack.__module__.strip("_")]
    with pytest.raises(Undecodable, match="more than"):
        decoded(pack(b"\0" * (encodings.DECODED_MAX_BYTES + 1)), coding)


def test_a_bomb_that_is_large_already_does_not_go_off():
    with pytest.raises(Undecodable, match="more than"):
        decoded(b"x" * (encodings.DECODED_MAX_BYTES + 1), "")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_body_cut_short_is_no_body(coding):
    whole = packed(TEXT, coding)[0]
    with pytest.raises(Undecodable):
        decoded(whole[: len(whole) // 2], coding)


@pytest.mark.parametrize("coding", ["zstd", "gzip, gzip", "x"])
def test_an_unknown_coding_is_not_guessed_at(coding):
    with pytest.raises(Undecodable):
        decoded(TEXT, coding)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br"]))
def test_junk_is_undecodable_and_nothing_worse(junk, coding):
    with contextlib.suppress(Undecodable):
        assert isinstance(decoded(junk, coding), bytes)
