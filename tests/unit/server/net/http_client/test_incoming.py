"""Answers as they arrive: whole ones, in whatever pieces; everything else is refused in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.net.http_client import BadResponse
from server.net.http_client.incoming import HEAD_MAX_BYTES, HEADERS_MAX, Incoming

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def heard(*pieces: bytes, method: str = "GET") -> Incoming:
    incoming = Incoming(method)
    for piece in pieces:
        incoming.feed(piece)
    return incoming


def test_an_answer_may_come_byte_by_byte():
    wire = OK + b"X-A: 1\r\nx-a:  2 \r\nX-Empty:\r\nContent-Length: 2\r\n\r\nhi"
    incoming = heard(*[bytes([byte]) for byte in wire])
    assert incoming.headers == {"x-a": "1,2", "x-empty": "", "content-length": "2"}
    assert (incoming.status, incoming.is_whole, incoming.take()) == (200, True, b"hi")
    assert incoming.can_follow


def test_interim_responses_are_passed_over():
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    incoming = heard(early, early, OK + b"Content-Length: 0\r\n\r\n")
    assert (incoming.status, incoming.headers, incoming.is_whole) == (
        200,
        {"content-length": "0"},
        True,
    )


def test_the_answer_to_a_question_for_the_head_has_no_body():
    incoming = heard(OK + b"Content-Length: 900\r\n\r\n", method="HEAD")
    assert (incoming.is_whole, incoming.can_follow, incoming.take()) == (True, False, b"")


def test_a_body_without_a_length_ends_with_the_connection():
    incoming = heard(OK + b"\r\n", b"all of it")
    assert not incoming.is_whole
    assert incoming.end(is_clean=True)
    assert (incoming.can_follow, incoming.take()) == (False, b"all of it")


@pytest.mark.parametrize(("framing", "is_clean"), [(b"", False), (b"Content-Length: 99\r\n", True)])
def test_a_body_that_breaks_off_is_not_whole(framing, is_clean):
    assert not heard(OK + framing + b"\r\n", b"half").end(is_clean=is_clean)


def test_a_trailer_is_no_header():
    incoming = heard(CHUNKED + b"2\r\nhi\r\n0\r\nContent-Type: x\r\n\r\n")
    assert incoming.is_whole
    assert "content-type" not in incoming.headers


@pytest.mark.parametrize("behind", [OK + b"Content-Length: 0\r\n\r\n", b"garbage", b"\0"])
def test_what_follows_an_answer_is_nobodys(behind):
    incoming = heard(OK + b"Content-Length: 2\r\n\r\nhi" + behind)
    assert (incoming.is_whole, incoming.take(), incoming.can_follow) == (True, b"hi", False)


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n" * 2,
     b"Content-Length: +5\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n",
     b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
     b"X: a\0b\r\n", b"X: a\rb\r\n", b"X: a\r\n b\r\n", b"X : a\r\n"],
)  # fmt: skip
def test_a_head_that_two_could_read_in_two_ways_is_refused(head):
    with pytest.raises(BadResponse):
        heard(OK + head + b"\r\n", b"0\r\n\r\n")


def test_a_change_of_protocol_is_refused():
    with pytest.raises(BadResponse):
        heard(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")


@pytest.mark.parametrize("piece", [b"X: 1\r\n", b"X: " + b"y" * 9_000 + b"\r\n", b"y"])
def test_a_head_without_end_is_refused(piece):
    with pytest.raises(BadResponse):
        heard(OK, *[piece] * (HEAD_MAX_BYTES + 1))


def test_interim_responses_without_end_are_refused():
    with pytest.raises(BadResponse):
        heard(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * HEAD_MAX_BYTES)


def test_many_headers_are_refused_in_one_piece_too():
    with pytest.raises(BadResponse, match="too many headers"):
        heard(OK + b"X: 1\r\n" * (HEADERS_MAX + 1) + b"\r\n")


def test_the_sizes_of_chunks_are_counted():
    with pytest.raises(BadResponse, match="without end"):
        heard(CHUNKED, b"1;", *[b"x" * 1_000] * 100)


def test_chunks_of_a_byte_each_are_a_body():
    incoming = heard(CHUNKED, *[b"1\r\nx\r\n"] * 100_000, b"0\r\n\r\n")
    assert (incoming.is_whole, len(incoming.take())) == (True, 100_000)


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_noise_is_refused_or_waited_with(pieces):
    try:
        incoming = heard(OK, *pieces)
    except BadResponse:
        return
    assert not incoming.end(is_clean=True) or incoming.status == 200
