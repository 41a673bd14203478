"""Requests as they travel: one request for one, whatever stands in its values."""

import pytest

from server.net.http_client import USER_AGENT, Request, Unreachable

URL = "http://service.example:81/path?q=1"


def head(method: str = "GET", headers: dict[str, str] | None = None, **more) -> list[str]:
    request = Request(method, URL, headers or {}, is_ours=True, **more)
    return request.head(request.place()).decode("latin-1").split("\r\n")


def test_a_request_says_who_asks_and_takes_no_coding():
    assert head(headers={"X-A": "\xe4"}) == [
        "GET /path?q=1 HTTP/1.1",
        "Host: service.example:81",
        f"User-Agent: {USER_AGENT}",
        "Accept-Encoding: identity",
        "X-A: \xe4",
        "",
        "",
    ]


def test_who_wants_a_coding_says_so():
    lines = head(headers={"Accept-Encoding": "gzip"})
    assert [line for line in lines if line.startswith("Accept-Enc")] == ["Accept-Encoding: gzip"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\0b"), ("X", "a\x7f"),
     ("X", "\u20ac"), ("X: a\r\nY", "b"), ("", "a"),
     ("X Y", "a"), ("Host", "b"), ("content-length", "5"), ("Transfer-Encoding", "chunked"),
     ("Connection", "upgrade"), ("TE", "trailers")],
)  # fmt: skip
def test_a_header_is_one_header_and_none_that_ends_a_message(name, value):
    with pytest.raises(Unreachable, match="HTTP does not have"):
        head(headers={name: value})


@pytest.mark.parametrize("method", ["", "GET / HTTP/1.1\r\nX: ", "G T"])
def test_a_method_is_a_word(method):
    with pytest.raises(Unreachable, match="HTTP does not have"):
        head(method)
