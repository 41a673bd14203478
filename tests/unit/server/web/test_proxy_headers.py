"""Who the client is behind reverse proxies, and what a client cannot make us believe."""

import asyncio
from typing import Any

import pytest

from server.web.proxy_headers import BehindProxies, parse_trusted

PROXY, SECOND, CLIENT, MADE_UP = "10.0.0.1", "10.0.0.2", "192.0.2.7", "203.0.113.9"


def seen(
    trusted: str, *forwarded: str, peer: str = PROXY, proto: str = "", kind: str = "http"
) -> tuple[str, str]:
    """The client's address and the scheme, as the application finds them."""
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    if proto:
        headers.append((b"x-forwarded-proto", proto.encode()))
    scope: dict[str, Any] = {
        "type": kind, "client": (peer, 5), "scheme": "http", "headers": headers
    }  # fmt: skip

    async def app(found: dict[str, Any], _receive: Any, _send: Any) -> None:
        scope.update(found)

    asyncio.run(BehindProxies(app, trusted)(scope, None, None))
    return scope["client"][0], scope["scheme"]


@pytest.mark.parametrize("trusted", [PROXY, "10.0.0.0/8", "1", f"{SECOND}, {PROXY}"])
def test_the_proxys_word_counts(trusted: str) -> None:
    assert seen(trusted, CLIENT)[0] == CLIENT


@pytest.mark.parametrize("trusted", [PROXY, "10.0.0.0/8", "1"])
def test_what_the_client_put_in_front_does_not(trusted: str) -> None:
    assert seen(trusted, f"{MADE_UP}, {CLIENT}")[0] == CLIENT
    assert seen(trusted, MADE_UP, CLIENT)[0] == CLIENT  # a header of its own


@pytest.mark.parametrize("trusted", [f"{PROXY},{SECOND}", "10.0.0.0/8", "2"])
def test_two_proxies_in_a_row(trusted: str) -> None:
    assert seen(trusted, f"{MADE_UP}, {CLIENT}, {SECOND}")[0] == CLIENT


def test_a_client_that_goes_past_the_outer_proxy_is_still_itself() -> None:
    assert seen("2", CLIENT)[0] == CLIENT


def test_a_stranger_is_no_proxy() -> None:
    assert seen(PROXY, MADE_UP, peer=CLIENT, proto="https") == (CLIENT, "http")


@pytest.mark.parametrize(
    "garbage", ["", "unknown", "_hidden", "1.2.3", "a,b,,", "[::1", "::1%eth0;"]
)
def test_garbage_is_no_address(garbage: str) -> None:
    assert seen("1", garbage)[0] in {PROXY, "::1"}


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
    ],
)
def test_ports_and_brackets_are_taken_off(entry: str, address: str) -> None:
    assert seen("1", entry)[0] == address


@pytest.mark.parametrize(
    ("proto", "kind", "scheme"),
    [
        ("https", "http", "https"),
        ("http, https", "http", "https"),
        ("https", "websocket", "wss"),
        ("gopher", "http", "http"),
    ],
)
def test_the_scheme_is_the_nearest_proxys_word(proto: str, kind: str, scheme: str) -> None:
    assert seen("1", CLIENT, proto=proto, kind=kind)[1] == scheme


@pytest.mark.parametrize("text", ["*", "0", "11", "proxy.example", "10.0.0.1 10.0.0.2"])
def test_other_settings_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SystemExit, match="GROVE_TRUSTED_PROXIES"):
        parse_trusted(text)


def test_start_and_stop_pass_through() -> None:
    reached = []

    async def app(scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        reached.append(scope)

    asyncio.run(BehindProxies(app, "1")({"type": "lifespan"}, None, None))
    assert reached == [{"type": "lifespan"}]
