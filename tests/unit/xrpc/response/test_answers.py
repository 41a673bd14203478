"""Answers on the wire: JSON, streams, gzip, HEAD."""

import gzip
import zlib

import brotli
import orjson
import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import XrpcError
from xrpc.request.call import Encoded, Streamed, Whole
from xrpc.response.answers import accepts, packed_chunks, read_ahead, respond

LARGE = {"text": "x" * 5000}


def get(accept="", method="GET"):
    return RequestFactory().generic(method, "/xrpc/x", HTTP_ACCEPT_ENCODING=accept)


def test_json_is_announced_with_its_charset_and_length():
    response = respond(get(), {"did": "did:web:x"})
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response["Content-Length"] == str(len(response.content))


def test_no_output_is_an_empty_200():
    response = respond(get(), None)
    assert (response.status_code, response.content) == (200, b"")
    assert "Content-Type" not in response


def test_encoded_json_passes_as_it_is():
    assert respond(get(), Encoded(b'{"a": 1}')).content == b'{"a": 1}'


def test_large_json_is_packed_by_brotli_first():
    response = respond(get("gzip, deflate, br"), LARGE)
    assert response["Content-Encoding"] == "br"
    assert orjson.loads(brotli.decompress(response.content)) == LARGE
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.parametrize("accept", ["gzip, deflate", "gzip, br;q=0"])
def test_large_json_is_gzipped_on_demand(accept):
    response = respond(get(accept), LARGE)
    assert response["Content-Encoding"] == "gzip"
    assert orjson.loads(gzip.decompress(response.content)) == LARGE


@pytest.mark.parametrize("accept", ["deflate", "gzip;q=0, deflate"])
def test_who_knows_only_deflate_gets_deflate(accept):
    response = respond(get(accept), LARGE)
    assert response["Content-Encoding"] == "deflate"
    assert orjson.loads(zlib.decompress(response.content)) == LARGE


def test_a_cache_learns_that_the_coding_varies_even_when_nothing_was_gzipped():
    assert respond(get(), LARGE)["Vary"] == "Accept-Encoding"


def test_what_would_take_long_to_compress_is_sent_as_it_is():
    response = respond(get("gzip, br"), Whole(b"x" * 1_000_001, "application/vnd.ipld.car"))
    assert "Content-Encoding" not in response
    assert len(response.content) == 1_000_001


def test_small_json_is_left_alone():
    assert "Content-Encoding" not in respond(get("gzip"), {"a": 1})


@pytest.mark.parametrize("accept", ["gzip", "GZIP", "br, gzip", "gzip;q=0.5", "gzip; q=1.0"])
def test_gzip_is_accepted(accept):
    assert accepts("gzip", accept)


@pytest.mark.parametrize("accept", ["", "br", "gzip;q=0", "gzip; q=0.000", "identity", "x-gzip2"])
def test_gzip_is_not_accepted(accept):
    assert not accepts("gzip", accept)


@given(st.lists(st.binary(max_size=500), max_size=20))
def test_gzipping_as_they_pass_keeps_the_bytes(chunks):
    assert gzip.decompress(b"".join(packed_chunks("gzip", chunks))) == b"".join(chunks)


def test_a_car_is_gzipped_on_demand():
    car = Streamed([b"x" * 5000], "application/vnd.ipld.car", is_compressible=True)
    response = respond(get("gzip"), car)
    assert gzip.decompress(response.getvalue()) == b"x" * 5000


def test_bytes_that_are_all_there_are_not_streamed():
    response = respond(get("gzip"), Whole(b"x" * 5000, "application/vnd.ipld.car"))
    assert not response.streaming
    assert response["Content-Type"] == "application/vnd.ipld.car"
    assert gzip.decompress(response.content) == b"x" * 5000


def test_a_small_car_is_left_alone():
    car = Streamed([b"x" * 300, b"y" * 300], "application/vnd.ipld.car", is_compressible=True)
    response = respond(get("gzip"), car)
    assert "Content-Encoding" not in response
    assert response.getvalue() == b"x" * 300 + b"y" * 300


@given(st.lists(st.binary(max_size=700), max_size=6))
def test_reading_ahead_loses_no_byte(chunks):
    ahead, rest = read_ahead(chunks)
    assert b"".join(rest) == b"".join(chunks)
    assert ahead >= min(1024, sum(map(len, chunks)))


@pytest.mark.django_db  # the end of a response looks at the thread's connection
def test_a_reader_who_leaves_closes_the_source():
    closed = []

    def chunks():
        try:
            while True:
                yield b"x" * 2000
        finally:
            closed.append(True)

    response = respond(get(), Streamed(chunks(), "application/vnd.ipld.car", {}, True))
    next(iter(response))
    response.close()
    assert closed == [True]


def test_a_stream_that_cannot_begin_is_a_refusal_not_a_broken_answer():
    def chunks():
        raise XrpcError("Could not find repo", name="RepoNotFound")
        yield

    with pytest.raises(XrpcError):
        respond(get(), Streamed(chunks(), "application/vnd.ipld.car", {}, True))


def test_a_blob_is_never_gzipped():
    response = respond(get("gzip"), Streamed([b"x" * 5000], "image/png"))
    assert "Content-Encoding" not in response
    assert response.getvalue() == b"x" * 5000


def test_head_has_the_headers_of_get_and_no_body():
    whole, bare = respond(get(), LARGE), respond(get(method="HEAD"), LARGE)
    assert bare.content == b""
    assert dict(bare.items()) == dict(whole.items())


def test_head_leaves_a_stream_unread():
    read = []

    def chunks():
        yield read.append("read") or b"x"

    headers = {"Content-Length": "1"}
    response = respond(get(method="HEAD"), Streamed(chunks(), "image/png", headers))
    assert (response.getvalue(), response["Content-Length"], read) == (b"", "1", [])
