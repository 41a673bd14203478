"""The language of a page: what its reader chose, else what the app that sent them asked for, else
what their browser does.

A language is offered when its catalogue is there (`locale/`). The choice is made at the foot of
every page (accounts.pages.footer.language) and kept in a cookie. Source: RFC 9110 section 12.5.4,
OpenID Connect Core section 3.1.2.1 (`ui_locales`).
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from hosting.pages import host_cookies

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_COOKIE: Final = "grove-language"
_KEPT_FOR: Final = timedelta(days=365)
_LOOKED_AT: Final = 10  # so many of the languages that somebody names
_TAG_MAX_CHARS: Final = 35  # RFC 5646 section 4.4.1


class LanguageMiddleware:
    """Has each page speak its reader's language, and tells caches that it does."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(_negotiated(request)):
            response = self.get_response(request)
            language = translation.get_language()
        if not response.get("Content-Type", "").startswith("text/css"):  # says nothing
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


@cache
def offered() -> dict[str, str]:
    """The languages that there are: code (`pt-br`) and name in the language itself."""
    return {
        code: name
        for code, name in settings.LANGUAGES
        if code == settings.LANGUAGE_CODE or _has_catalogue(code)
    }


def best(wanted: Iterable[str]) -> str:
    """The first of these language tags that we speak, or a variant of it; empty for none."""
    for tag in islice(wanted, _LOOKED_AT):
        with suppress(LookupError, ValueError):
            code = get_supported_language_variant(tag[:_TAG_MAX_CHARS])
            if code in offered():
                return code
    return ""


def chosen(request: HttpRequest) -> str:
    """What was chosen in this browser; empty for nothing."""
    code = host_cookies.read(request, _COOKIE)
    return code if code in offered() else ""


def keep(request: HttpRequest, response: HttpResponseBase, code: str) -> None:
    """Have the browser remember a choice."""
    host_cookies.keep(request, response, _COOKIE, code, _KEPT_FOR)


def follow_app(request: HttpRequest, code: str) -> None:
    """Answer in the language that an app asked for, unless the reader chose one."""
    if code in offered() and not chosen(request):
        translation.activate(code)


def switch(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `languages`, to choose from at the foot of a host's own pages."""
    is_here = hasattr(request, "host") and not hasattr(request, "hosted_handle")
    return {"languages": offered() if is_here else {}}


def _negotiated(request: HttpRequest) -> str:
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return chosen(request) or best(tag for tag, _ in accepted) or settings.LANGUAGE_CODE


def _has_catalogue(code: str) -> bool:
    name = f"{translation.to_locale(code)}/LC_MESSAGES/django.mo"
    return any((folder / name).exists() for folder in settings.LOCALE_PATHS)
