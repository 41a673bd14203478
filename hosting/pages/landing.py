"""The landing page of a host, and robots.txt."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from hosting.models import Host
from hosting.tenancy import routing

_WITHOUT_SIGN_UPS = (Host.Admission.CLOSED, Host.Admission.MIGRATION_ONLY)

BANNER = """\
        __ _ _ __ _____   _____
       / _` | '__/ _ \\ \\ / / _ \\
      | (_| | | | (_) \\ V /  __/
       \\__, |_|  \\___/ \\_/ \\___|
       |___/

This is an AT Protocol Personal Data Server (PDS): {hostname}

Most API routes are under /xrpc/
"""


def landing(request: HttpRequest) -> HttpResponse:
    """`/`: a page in the tenant's name for browsers, a few lines of text for everybody else."""
    host = routing.host_of(request)
    if _prefers_html(request):
        shown = {
            "takes_sign_ups": host.admission not in _WITHOUT_SIGN_UPS,
            "domains": host.handle_domains.all(),
        }
        response = render(request, "landing.html", shown)
    else:
        response = _text(BANNER.format(hostname=host.hostname))
    patch_vary_headers(response, ["Accept"])
    return response


def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """Crawlers of public data are welcome."""
    return _text("# Crawling the public API is allowed\nUser-agent: *\nAllow: /\n")


def _prefers_html(request: HttpRequest) -> bool:
    """Browsers name text/html; `*/*` (curl, clients) means whatever we like, which is text."""
    return request.get_preferred_type(["text/plain", "text/html"]) == "text/html"


def _text(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="text/plain; charset=utf-8")
