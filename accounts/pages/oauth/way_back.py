"""The way back to the app, and the page for when none is known.

Before a request proves where the app is, nobody is sent anywhere: one sentence says what is wrong.
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.oauth.redirects import FORM_POST, Redirect
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError


def to_app(request: HttpRequest, redirect: Redirect) -> HttpResponse:
    """A 303, or for `form_post` a page whose form a script or the person sends."""
    if redirect.response_mode != FORM_POST:
        return HttpResponse(status=303, headers={"Location": redirect.location})
    shown = {"host": host_of(request), "redirect": redirect}
    response = render(request, "accounts/oauth/form_post.html", shown)
    allow_forms_to(response, redirect.redirect_uri)
    return response


def by_link(request: HttpRequest, redirect: Redirect) -> HttpResponse:
    """The end of a request for a form that may not end at the app: the person follows a link."""
    if redirect.response_mode == FORM_POST:
        return to_app(request, redirect)
    shown = {"host": host_of(request), "next": redirect.location}
    return render(request, "accounts/oauth/ended.html", shown, status=400)


def allow_forms_to(response: HttpResponse, redirect_uri: str, **sources: str) -> None:
    """Let a page's forms end at an app. Chromium holds every redirect after a form to the policy,
    those of the app's own servers too, so that its scheme is as narrow as this can be; pages where
    something secret is typed have no form that ends there. `sources`: further ones."""
    scheme = urlsplit(redirect_uri).scheme
    more = {name.replace("_", "-"): value for name, value in sources.items()}
    response["Content-Security-Policy"] = page_policy({"form-action": f"{scheme}:", **more})


def refused(request: HttpRequest, refusal: XrpcError) -> HttpResponse:
    """The page for what cannot be told to any app."""
    shown = {"host": host_of(request), "problem": refusal.for_page()}
    return render(request, "accounts/oauth/refused.html", shown, status=400)
