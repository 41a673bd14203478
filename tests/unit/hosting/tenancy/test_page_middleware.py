"""Pages get middleware that XRPC does not."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from hosting.models import Host
from hosting.tenancy.page_middleware import PageMiddleware
from hosting.tenancy.routing import GetResponse


class Layer:
    """A page middleware that leaves its mark, and stops what `process_view` is told to stop."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["X-Layer"] = "passed"
        return response  # type: ignore[return-value]

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        return HttpResponse("stopped") if "stop" in request.GET else None


@pytest.fixture
def pages(settings: Settings) -> PageMiddleware:
    settings.PAGE_MIDDLEWARE = [f"{__name__}.Layer"]
    return PageMiddleware(lambda _request: HttpResponse("inside"))


@pytest.mark.parametrize("path", ["/", "/account/sign-up", "/console/", "/xrpcs"])
def test_pages_pass_the_page_middleware(pages: PageMiddleware, path: str) -> None:
    assert pages(RequestFactory().get(path))["X-Layer"] == "passed"


@pytest.mark.parametrize("path", ["/xrpc/a.b.c", "/.well-known/did.json"])
def test_xrpc_and_well_known_pass_none(pages: PageMiddleware, path: str) -> None:
    assert "X-Layer" not in pages(RequestFactory().get(path))


def test_a_layers_view_hook_runs_for_pages_only(pages: PageMiddleware) -> None:
    page, xrpc = RequestFactory().get("/?stop"), RequestFactory().get("/xrpc/a.b.c?stop")
    assert pages.process_view(page, None, (), {}).content == b"stopped"  # type: ignore[union-attr]
    assert pages.process_view(xrpc, None, (), {}) is None


def test_a_form_without_csrf_token_is_refused(ash: Host) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/account/sign-in", headers={"host": "localhost"}
    )
    assert answer.status_code == 403
