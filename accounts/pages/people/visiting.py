"""Visiting: controllers who live at another host prove there who they are, by OAuth.

What they get here is a session for acting alone (accounts.delegation.visitors); the tokens of the
other host are given back at once.
"""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.delegation import visitors
from accounts.identity import resolution
from accounts.oauth.own_client import flows, servers
from accounts.pages import cookies
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.forms.people import VisitForm
from hosting import limits
from hosting.limits import DAY_S, MINUTE_S, Budget, bucket
from hosting.models import Host
from hosting.pages import host_cookies, next_page
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import InvalidRequest, XrpcError

PURPOSE: Final = flows.purpose("acting", "/account/visit/back", "atproto")
VISITS: Final = bucket("visits", Budget(30, 5 * MINUTE_S), Budget(300, DAY_S))  # of a network
_COOKIE: Final = "grove-visit"
_PAGE: Final = "accounts/people/visit.html"


class LivesHere(InvalidRequest):
    """400: who has an account of this host signs in with that."""

    field = "name"
    message = "The account is of this host"
    page_text = _("This account is of this host: sign in with its password.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: HttpRequest) -> HttpResponse:
    """`/account/visit`: who they are; then to the sign-in of their own host."""
    form = VisitForm(host_of(request), posted(request))
    if not form.is_valid():
        return _shown(request, form)
    try:
        limits.attempt(request, VISITS, form.host)
        started = _begun(form.host, form.cleaned_data["name"], _going_to(request))
    except XrpcError as refusal:
        form.refuse(refusal)
        return _shown(request, form, status_of(refusal))
    response = HttpResponse(status=303, headers={"Location": started.url})
    lasts = timedelta(seconds=flows.LASTS_S)
    host_cookies.keep(request, response, _COOKIE, started.cookie, lasts)
    return response


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """`/account/visit/back`: they come back, and are who they said, or the form says why not."""
    host, cookie = host_of(request), host_cookies.read(request, _COOKIE)
    try:
        limits.attempt(request, VISITS, host)
        session, kept = flows.finish(host, PURPOSE, cookie, request.GET.dict())
    except XrpcError as refusal:
        form = VisitForm(host)
        form.problem = form.told(refusal)
        return _shown(request, form, status_of(refusal))
    session.revoke()
    response = HttpResponseRedirect(kept["next"] or reverse("accounts:visitor"))
    cookies.begin_visit(request, response, session.did, kept["handle"])
    host_cookies.keep(request, response, _COOKIE, "", timedelta(0))
    return response


def _shown(request: HttpRequest, form: VisitForm, status: int | None = None) -> HttpResponse:
    """The form, which ends at whatever host they name: nothing secret is typed into it."""
    response = show_form(request, _PAGE, form, status)
    scheme = urlsplit(form.host.origin).scheme
    response["Content-Security-Policy"] = page_policy({"form-action": f"{scheme}:"})
    return response


def _going_to(request: HttpRequest) -> str:
    """A page of an account, or the sign-in of an app; empty for anything else."""
    given = request.GET.get(next_page.FIELD, "")
    is_text = given.isascii() and given.isprintable() and len(given) <= next_page.MAX_CHARS
    is_sign_in = given.startswith(f"{reverse('accounts:oauth_authorize')}?") and is_text
    return given if is_sign_in and "\\" not in given else next_page.wanted(request)


def _begun(host: Host, name: str, to: str) -> flows.Started:
    """The way to the host that the DID's own document names. Raises HandleNotFound and its kind,
    LivesHere, NoOAuth, ServerSilent."""
    person = resolution.identify(host, name, fresh=True)
    is_here = visitors.is_of_host(host, person.did)
    if is_here or person.document.pds is None:
        raise LivesHere if is_here else resolution.DidUnusable
    kept = {"next": to, "handle": person.handle or ""}
    return flows.begin(host, PURPOSE, servers.find(person.document.pds), person.did, kept)
