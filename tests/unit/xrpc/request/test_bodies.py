"""Bodies: presence, types, encodings and sizes."""

import gzip
import io
import zlib

import brotli
import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InvalidRequest
from server.web.bodies.decoded_bodies import Body, PayloadTooLarge, UnsupportedEncoding
from xrpc.request.bodies import check_content_type, read_json


def body(data=b"", limit=1000, **meta):
    request = RequestFactory().post("/xrpc/x", data, content_type="application/json", **meta)
    return Body(request, limit)


def chunked(data, limit=1000, **meta):
    """A body without a Content-Length, as a bridge hands it on."""
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD="POST", HTTP_TRANSFER_ENCODING="chunked", **meta
    )
    environ["wsgi.input"] = io.BytesIO(data)
    return Body(WSGIRequest(environ), limit)


def test_no_bytes_is_no_body():
    assert not body().is_present()


def test_an_empty_chunked_body_is_none():
    assert not chunked(b"").is_present()


def test_no_length_and_no_chunks_is_a_missing_body():
    request = WSGIRequest(RequestFactory()._base_environ(REQUEST_METHOD="POST"))
    assert Body(request, 1000).is_missing
    assert not chunked(b"").is_missing


def test_asking_for_presence_loses_no_byte():
    some = chunked(b'{"a":1}')
    assert some.is_present()
    assert some.read_all() == b'{"a":1}'


def test_a_client_who_leaves_before_the_first_byte_is_no_fault_of_ours():
    left = chunked(b"")
    left.source = Leaving()
    with pytest.raises(InvalidRequest, match="cut off"):
        left.is_present()


class Leaving:
    """A connection that breaks."""

    def read(self, size):
        raise ConnectionResetError


def test_a_declared_length_over_the_limit_is_refused_before_reading():
    with pytest.raises(PayloadTooLarge) as refused:
        body(b"x" * 1001).read()
    assert refused.value.status == 413


def test_a_streamed_body_is_counted():
    with pytest.raises(PayloadTooLarge):
        chunked(b"x" * 1001).read_all()


def test_the_limit_itself_is_allowed():
    assert len(chunked(b"x" * 1000).read_all()) == 1000


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("BR", brotli.compress),
    ],
)
def test_known_encodings_are_undone(encoding, encode):
    assert body(encode(b"hello"), HTTP_CONTENT_ENCODING=encoding).read_all() == b"hello"


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("br", brotli.compress)])
@given(data=st.binary(max_size=2000), size=st.integers(1, 300))
def test_reading_by_pieces_gives_the_whole(encoding, encode, data, size):
    some = body(encode(data), limit=3000, HTTP_CONTENT_ENCODING=encoding)
    pieces = iter(lambda: some.read(size), b"")
    assert b"".join(pieces) == data


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
def test_a_bomb_is_stopped_at_the_limit(encoding, encode):
    bomb = body(encode(b"0" * 10_000_000), limit=100_000, HTTP_CONTENT_ENCODING=encoding)
    with pytest.raises(PayloadTooLarge):
        bomb.read_all()


@pytest.mark.long
@given(size=st.integers(1, 5_000))
def test_no_read_gives_more_than_was_asked_for(size):
    some = body(brotli.compress(b"0" * 100_000), limit=200_000, HTTP_CONTENT_ENCODING="br")
    assert len(some.read(size)) <= size


@pytest.mark.parametrize("encoding", ["brotli", "zstd", "bogus", "gzip, gzip"])
def test_other_encodings_are_unsupported(encoding):
    with pytest.raises(UnsupportedEncoding) as refused:
        body(b"x", HTTP_CONTENT_ENCODING=encoding)
    assert refused.value.status == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_false_encoding_is_a_bad_request(encoding):
    with pytest.raises(InvalidRequest):
        body(b'{"a":1}', HTTP_CONTENT_ENCODING=encoding).read_all()


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
@pytest.mark.parametrize("missing", [1, 3, 9])
def test_a_cut_off_encoding_is_a_bad_request(encoding, encode, missing):
    whole = encode(bytes(range(256)) * 10)
    with pytest.raises(InvalidRequest):
        body(whole[:-missing], limit=10_000, HTTP_CONTENT_ENCODING=encoding).read_all()


@pytest.mark.parametrize("text", [b"{", b"", b'{"s":"\\ud800"}', b"NaN", b"[" * 40_000])
def test_broken_json_is_a_bad_request(text):
    with pytest.raises(InvalidRequest):
        read_json(body(text, limit=100_000))


def test_a_missing_content_type_is_named():
    with pytest.raises(InvalidRequest, match="required but not provided"):
        check_content_type("", "application/json")


def test_two_content_types_are_refused():
    with pytest.raises(InvalidRequest):
        check_content_type("application/json, text/plain", "application/json")


def test_a_wrong_content_type_is_named():
    with pytest.raises(InvalidRequest, match=r"\(Content-Type\): text/plain"):
        check_content_type("text/plain; charset=utf-8", "application/json")


@pytest.mark.parametrize("given_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_parameters_and_case_of_a_content_type_do_not_matter(given_type):
    check_content_type(given_type, "application/json")


def test_any_type_will_do_for_bytes_as_long_as_it_is_one():
    check_content_type("image/png", "*/*")
    with pytest.raises(InvalidRequest):
        check_content_type("nonsense", "*/*")


def test_a_body_that_was_received_into_a_file_lies_there_unless_it_is_packed():
    packed = gzip.compress(b"hello")
    for sent, encoding, file_holds_it in ((b"hello", "identity", True), (packed, "gzip", False)):
        received = chunked(b"", HTTP_CONTENT_ENCODING=encoding)
        received.arrived(file := io.BytesIO(sent))
        assert received.read_all() == b"hello"
        assert (received.file is file) == file_holds_it
