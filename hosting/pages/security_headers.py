"""Security headers of every page.

Source: OWASP Secure Headers. Nothing is loaded from elsewhere, nothing is inline, no page may be
framed. That holds for the console as well: its templates are our own (docs/decisions/0010).
"""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

ONE_YEAR_S = 31_536_000
_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data:",
    "script-src": "'self'",
    "style-src": "'self'",
}


def _header(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


PAGE_POLICY = _header(_POLICY)


def page_policy(more: Mapping[str, str], frame_ancestors: str = "'none'") -> str:
    """The policy of pages with more sources for some directives, for a view that needs them;
    `frame_ancestors` are the origins that may frame it."""
    wider = {name: f"{_POLICY.get(name, '')} {sources}".strip() for name, sources in more.items()}
    return _header({**_POLICY, **wider, "frame-ancestors": frame_ancestors})


class SecurityHeaders:
    """Adds the headers to pages; a view may set a stricter or wider policy itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        if "frame-ancestors 'none'" in headers["Content-Security-Policy"]:
            headers.setdefault("X-Frame-Options", "DENY")  # what older browsers go by
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if settings.SESSION_COOKIE_SECURE:  # we are served over https
            headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR_S}")
        return response
