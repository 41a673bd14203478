"""The way back to the app, and the page for when none is known.

Before a request proves where the app is, nobody is sent anywhere: one sentence says what is wrong.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.oauth.requests.opened_requests import RequestExpired
from accounts.oauth.requests.redirects import FORM_POST, Redirect
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError


def to_app(request: HttpRequest, redirect: Redirect) -> HttpResponse:
    """A 303, or for `form_post` a page whose form a script or the person sends."""
    if redirect.response_mode != FORM_POST:
        return HttpResponse(status=303, headers={"Location": redirect.location})
    shown = {"host": host_of(request), "redirect": redirect}
    response = render(request, "accounts/oauth/form_post.html", shown)
    allow_form_to(response, redirect)
    return response


def by_link(request: HttpRequest, redirect: Redirect) -> HttpResponse:
    """The end of a request for a form that may not end at the app: the person follows a link."""
    if redirect.response_mode == FORM_POST:
        return to_app(request, redirect)
    shown = {"host": host_of(request), "next": redirect.location}
    return render(request, "accounts/oauth/ended.html", shown, status=400)


def allow_form_to(response: HttpResponse, redirect: Redirect, images: str = "") -> None:
    """Let a page's form end at the app; pages where something secret is typed have none that does.
    `images`: an origin from which the page may have some."""
    sources = {"form-action": redirect.form_action, "img-src": images}
    response["Content-Security-Policy"] = page_policy(sources)


def expired(request: HttpRequest, refusal: RequestExpired) -> HttpResponse:
    """The page for a request that took too long: why, and a link to its app, which is told."""
    if refusal.back.response_mode == FORM_POST:
        return to_app(request, refusal.back)
    shown = {
        "host": host_of(request),
        "problem": refusal.for_page(),
        "next": refusal.back.location,
    }
    return render(request, "accounts/oauth/refused.html", shown, status=400)


def refused(request: HttpRequest, refusal: XrpcError) -> HttpResponse:
    """The page for what cannot be told to any app."""
    shown = {"host": host_of(request), "problem": refusal.for_page()}
    return render(request, "accounts/oauth/refused.html", shown, status=400)
