"""Scripts of any website may use the protocol, and nothing else of a host."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from hosting.models import Host
from hosting.pages.cors import CorsMiddleware
from hosting.tenancy import routing

OPEN = "Access-Control-Allow-Origin"


@pytest.mark.parametrize("path", ["/xrpc/a.b.c", "/xrpc/_health", "/.well-known/atproto-did"])
def test_a_preflight_is_answered_before_anybody_else_is_asked(path: str) -> None:
    middleware = CorsMiddleware(lambda _request: HttpResponse("inside"))
    asked = {"Access-Control-Request-Headers": "authorization,dpop"}
    answer = middleware(RequestFactory().options(path, headers=asked))
    assert (answer.status_code, answer.content, answer[OPEN]) == (204, b"", "*")
    assert answer["Access-Control-Allow-Headers"] == "authorization,dpop"


@pytest.mark.parametrize("path", ["/", "/account/sign-in", "/console/", "/xrpc"])
def test_pages_are_for_their_own_origin(path: str) -> None:
    middleware = CorsMiddleware(lambda _request: HttpResponse("inside"))
    assert OPEN not in middleware(RequestFactory().get(path))
    assert middleware(RequestFactory().options(path)).content == b"inside"


@pytest.mark.parametrize("name", ["localhost", "nobody.test", "evil.example"])
@pytest.mark.parametrize("path", ["/xrpc/nodots", "/.well-known/atproto-did", "/.well-known/x"])
def test_refusals_may_be_read_too(ash: Host, name: str, path: str) -> None:
    routing.forget()
    answer = Client(headers={"host": name}).get(path)
    assert (answer.status_code in {400, 404}, answer[OPEN]) == (True, "*")
