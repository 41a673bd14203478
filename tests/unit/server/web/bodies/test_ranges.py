"""Ranges, ETags and HEAD by RFC 9110: the right bytes, and the file closed in every case."""

import io

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from server.web.bodies import ranges
from server.web.bodies.ranges import Stored

BYTES = bytes(range(100)) * 2_000


def ask(method: str = "GET", **headers: str):
    file = io.BytesIO(BYTES)
    stored = Stored(file, len(BYTES), "image/png", '"cid"', {"X-Content-Type-Options": "nosniff"})
    request = RequestFactory().generic(method, "/", headers=headers)
    response = ranges.respond(request, stored)
    body = b"".join(response) if method == "GET" else response.content
    assert file.closed
    return response, body


def test_without_a_range_all_of_it() -> None:
    response, body = ask()
    assert (response.status_code, body) == (200, BYTES)
    assert response["Content-Length"] == str(len(BYTES))
    assert (response["ETag"], response["Accept-Ranges"]) == ('"cid"', "bytes")
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "image/png",
        "nosniff",
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", BYTES[:1]),
        ("bytes=5-9", BYTES[5:10]),
        ("bytes=199990-", BYTES[199_990:]),
        ("bytes=-3", BYTES[-3:]),
        ("bytes=-999999999", BYTES),
        ("bytes=7-999999999", BYTES[7:]),
    ],
)
def test_one_range_is_answered_in_part(header: str, expected: bytes) -> None:
    response, body = ask(Range=header)
    assert (response.status_code, body) == (206, expected)
    first = len(BYTES) - len(expected) if not header.startswith(("bytes=0", "bytes=5")) else None
    first = first if first is not None else int(header[6])
    last = first + len(expected) - 1
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(BYTES)}"
    assert response["Content-Length"] == str(len(expected))


@pytest.mark.parametrize("header", ["bytes=200000-", "bytes=200001-200002", "bytes=-0"])
def test_a_range_beyond_the_end_is_a_416(header: str) -> None:
    response, body = ask(Range=header)
    assert (response.status_code, body) == (416, b"")
    assert response["Content-Range"] == "bytes */200000"


@pytest.mark.parametrize(
    "header", ["", "bytes=-", "bytes=9-5", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=1"]
)
def test_other_ranges_are_ignored(header: str) -> None:
    assert ask(Range=header)[0].status_code == 200


@pytest.mark.parametrize("tags", ['"cid"', 'W/"cid"', '"other", "cid"', "*"])
def test_what_the_client_has_is_not_sent_again(tags: str) -> None:
    response, body = ask(**{"If-None-Match": tags, "Range": "bytes=0-1"})
    assert (response.status_code, body, response["ETag"]) == (304, b"", '"cid"')
    assert "Content-Type" not in response


def test_another_tag_is_not_known() -> None:
    assert ask(**{"If-None-Match": '"other"'})[0].status_code == 200


def test_a_part_of_another_file_is_of_no_use() -> None:
    assert ask(**{"If-Range": '"other"', "Range": "bytes=0-1"})[0].status_code == 200
    assert ask(**{"If-Range": '"cid"', "Range": "bytes=0-1"})[0].status_code == 206


def test_head_has_the_headers_and_no_body() -> None:
    response, body = ask("HEAD", Range="bytes=0-1")
    assert (response.status_code, body) == (200, b"")
    assert response["Content-Length"] == str(len(BYTES))


@given(st.text(max_size=40), st.integers(0, 100))
def test_any_header_gives_a_part_that_exists(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        try:
            part = ranges.range_of(header, size)
        except ranges.NotSatisfiable:
            continue
        assert part is None or 0 <= part[0] < part[1] <= size


def test_a_reader_that_leaves_closes_the_file() -> None:
    file = io.BytesIO(BYTES)
    pieces = ranges.read(file, 0, len(BYTES))
    next(pieces)
    pieces.close()
    assert file.closed
