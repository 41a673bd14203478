"""What a host says to whoever just looks in: the banner, robots.txt, and the certificate question.

`/tls-check?domain=` answers the front door that makes certificates on demand (Caddy's `ask`): 200
when the name is this host's or a handle somebody has, 404 when nobody has it, 400 when the name is
under none of our handle domains.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from hosting import routing

BANNER = """\
        __ _ _ __ _____   _____
       / _` | '__/ _ \\ \\ / / _ \\
      | (_| | | | (_) \\ V /  __/
       \\__, |_|  \\___/ \\_/ \\___|
       |___/

This is an AT Protocol Personal Data Server (PDS): {hostname}

Most API routes are under /xrpc/
"""


def banner(request: HttpRequest) -> HttpResponse:
    """`/`: a few lines of text for people who came by."""
    return _text(BANNER.format(hostname=routing.host_of(request).hostname))


def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """Crawlers of public data are welcome."""
    return _text("# Crawling the public API is allowed\nUser-agent: *\nAllow: /\n")


def tls_check(request: HttpRequest, is_taken: Callable[[str], bool]) -> HttpResponse:
    """Whether a certificate may be made for a name. `is_taken` knows the handles."""
    domain = routing.hostname_in(request.GET.get("domain", ""))
    if routing.host_named(domain):
        return _text("ok\n")
    if not routing.is_under_a_handle_domain(domain):
        return _text("This name is not ours.\n", 400)
    return _text("ok\n") if is_taken(domain) else _text("Nobody has this handle.\n", 404)


def _text(body: str, status: int = 200) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
