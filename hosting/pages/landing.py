"""The landing page of a host, robots.txt, and the certificate check.

`/tls-check?domain=` answers the reverse proxy that makes certificates on demand (Caddy's `ask`):
200 when the name is a host's, the relay's or a handle somebody has, 404 when nobody has it, 400
when the name is under none of our handle domains.
"""

from collections.abc import Callable

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


def tls_check(request: HttpRequest, is_taken: Callable[[str], bool]) -> HttpResponse:
    """Whether a certificate may be made for a name. `is_taken` knows the handles."""
    domain = routing.hostname_in(request.GET.get("domain", ""))
    if routing.is_relay(domain) or routing.host_named(domain):
        return _text("ok\n")
    if not routing.is_under_a_handle_domain(domain):
        return _text("This host name is not served here.\n", 400)
    return _text("ok\n") if is_taken(domain) else _text("No account has this handle.\n", 404)


def _prefers_html(request: HttpRequest) -> bool:
    """Browsers name text/html; `*/*` (curl, clients) means whatever we like, which is text."""
    return request.get_preferred_type(["text/plain", "text/html"]) == "text/html"


def _text(body: str, status: int = 200) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
