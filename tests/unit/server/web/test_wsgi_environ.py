"""The environ that views see: PEP 3333 from an ASGI scope."""

import io
from typing import Any

import pytest

from server.web.wsgi_environ import HEADER_MAX_BYTES, HeaderTooLarge, environ_of


def environ(**changed: Any) -> dict[str, Any]:
    scope = {
        "method": "GET", "raw_path": b"/a", "query_string": b"", "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 2583), "client": ("10.0.0.9", 4000),
        "headers": [], **changed,
    }  # fmt: skip
    return environ_of(scope, io.BytesIO(), changed.get("length", 0))


def test_the_client_and_the_server_are_named() -> None:
    seen = environ()
    assert (seen["REMOTE_ADDR"], seen["SERVER_PORT"]) == ("10.0.0.9", "2583")


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [(b"/xrpc/a.b", "/xrpc/a.b"), (b"/%C3%A9", "/\xc3\xa9"), (b"/a%2Fb", "/a/b")],
)
def test_the_path_is_unquoted_bytes_in_latin_1(raw: bytes, decoded: str) -> None:
    assert environ(raw_path=raw)["PATH_INFO"] == decoded


def test_the_query_string_stays_as_it_came() -> None:
    assert environ(query_string=b"a=%20&a=+")["QUERY_STRING"] == "a=%20&a=+"


def test_a_header_may_be_so_long_and_no_longer() -> None:
    longest = b"a" * HEADER_MAX_BYTES
    assert environ(headers=[(b"x-long", longest)])["HTTP_X_LONG"] == longest.decode()
    with pytest.raises(HeaderTooLarge):
        environ(headers=[(b"x-long", longest + b"a")])


def test_headers_get_their_names() -> None:
    seen = environ(headers=[(b"host", b"pds.example"), (b"content-type", b"text/plain")])
    assert (seen["HTTP_HOST"], seen["CONTENT_TYPE"]) == ("pds.example", "text/plain")


def test_repeated_headers_are_joined_each_in_its_way() -> None:
    twice = [(b"accept", b"a"), (b"accept", b"b"), (b"cookie", b"x=1"), (b"cookie", b"y=2")]
    seen = environ(headers=twice)
    assert (seen["HTTP_ACCEPT"], seen["HTTP_COOKIE"]) == ("a,b", "x=1; y=2")


def test_a_header_with_an_underscore_cannot_pass_for_another() -> None:
    assert "HTTP_X_REAL_IP" not in environ(headers=[(b"x_real_ip", b"1.2.3.4")])


def test_the_length_is_the_bodys_and_not_the_clients_claim() -> None:
    claimed = [(b"content-length", b"99")]
    assert environ(headers=claimed, length=5)["CONTENT_LENGTH"] == "5"
    assert "CONTENT_LENGTH" not in environ(headers=claimed, length=None)


def test_an_announced_empty_body_differs_from_none() -> None:
    announced = [(b"content-length", b"0")]
    assert environ(headers=announced, length=0)["CONTENT_LENGTH"] == "0"
    assert "CONTENT_LENGTH" not in environ(length=0)


def test_a_unix_socket_has_no_client_address() -> None:
    assert environ(client=None)["REMOTE_ADDR"] == ""
