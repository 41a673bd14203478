"""The cookie of who is signed in in a browser (hosting.pages.host_cookies).

Several people may be signed in in one browser: the cookie holds a token for each, the latest first.
`web_sessions` accepts a token at its account's own host only.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware import csrf
from django.shortcuts import redirect

from accounts.authentication import sign_in_alerts, web_sessions
from accounts.authentication.sign_in_alerts import Client, Way
from accounts.delegation import acting, visitors
from accounts.lifecycle import planned_deletion
from accounts.models import Account, ControllerSession, WebSession
from hosting.pages import host_cookies, languages, next_page
from hosting.tenancy.routing import host_of
from server.encryption.digests import sha256

COOKIE = "grove-account"
VISITOR_COOKIE: Final = "grove-visitor"  # of accounts.delegation.visitors
ACCOUNTS_MAX: Final = 10  # signed in in one browser; the eldest goes
WHO: Final = "who"  # the part of an address that names the account
_BETWEEN: Final = "."  # tokens are base64url


def sessions_of(request: HttpRequest) -> list[WebSession]:
    """The sessions of who is signed in in this browser, the latest first."""
    return web_sessions.find(host_of(request), _tokens(request))


def visitor_of(request: HttpRequest) -> ControllerSession | None:
    """Who is signed in in this browser by another host, to act for accounts of this one."""
    return visitors.find(host_of(request), host_cookies.read(request, VISITOR_COOKIE))


def people_of(request: HttpRequest, here: Iterable[WebSession]) -> list[str]:
    """The DIDs of those in this browser who may act for others: of its sessions `here`, and of a
    visitor."""
    visitor = visitor_of(request)
    own = acting.able([each.account for each in here])
    return own if visitor is None else [*own, visitor.did]


def begin_visit(request: HttpRequest, response: HttpResponse, did: str, handle: str) -> None:
    """Begin a visitor's session in this browser, in the place of any other."""
    visitors.end(host_of(request), host_cookies.read(request, VISITOR_COOKIE))
    token = visitors.begin(host_of(request), did, handle)
    host_cookies.keep(request, response, VISITOR_COOKIE, token, visitors.EXPIRES_AFTER)
    csrf.rotate_token(request)


def end_visit(request: HttpRequest, response: HttpResponse) -> None:
    """Sign a visitor out."""
    visitors.end(host_of(request), host_cookies.read(request, VISITOR_COOKIE))
    host_cookies.keep(request, response, VISITOR_COOKIE, "", timedelta(0))


def account_of(request: HttpRequest) -> Account | None:
    """Who signed in last, if anybody is signed in."""
    here = sessions_of(request)
    return here[0].account if here else None


def signed_in(
    request: HttpRequest, account: Account, way: Way = Way.PASSWORD, *, is_proof: bool = True
) -> HttpResponseRedirect:
    """Sign in under a fresh token, beside whoever else is, and go to the account's page, or to
    where they were going. It calls a planned deletion off. `is_proof`: as in web_sessions."""
    response = redirect(going_to(request, account) or "accounts:home")
    begin(request, response, account, is_proof=is_proof)
    planned_deletion.call_off(account)
    sign_in_alerts.note(account, client_of(request), way)
    return response


def going_to(request: HttpRequest, account: Account) -> str:
    """Where somebody was going who is known by now; empty when nowhere, or to a page of somebody
    else's account."""
    return next_page.wanted(request, **{WHO: (account.handle, account.did)})


def client_of(request: HttpRequest) -> Client:
    """The browser that asks."""
    return Client(request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""))


def begin(
    request: HttpRequest, response: HttpResponse, account: Account, *, is_proof: bool = True
) -> None:
    """Begin a session in this browser, in the place of one that the account has here. Forms of
    before were shown to somebody else, perhaps, and count no more."""
    token = web_sessions.begin(account, client_of(request), is_proof=is_proof)
    tokens = [token]
    names = {sha256(each): each for each in _tokens(request)}
    for session in sessions_of(request):
        if session.account_id == account.pk:
            web_sessions.end(host_of(request), names[session.pk])
        else:
            tokens.append(names[session.pk])
    for surplus in tokens[ACCOUNTS_MAX:]:
        web_sessions.end(host_of(request), surplus)
    _keep_tokens(request, response, tokens[:ACCOUNTS_MAX])
    carry_language(request, response, account)
    csrf.rotate_token(request)


def signed_out(request: HttpRequest, who: str = "") -> HttpResponseRedirect:
    """End the session of an account by its handle or DID, or all sessions of the browser, in the
    table first, and go on with who is left, or to the sign-in page."""
    names = {sha256(each): each for each in _tokens(request)}
    left = []
    for session in sessions_of(request):
        if who and who not in (session.account.handle, session.account.did):
            left.append(names[session.pk])
        else:
            web_sessions.end(host_of(request), names[session.pk])
    response = redirect("accounts:home" if left else "accounts:sign_in")
    _keep_tokens(request, response, left)
    return response


def carry_language(request: HttpRequest, response: HttpResponse, account: Account) -> None:
    """The account's language becomes the browser's; one that has none takes what was chosen."""
    if account.language:
        languages.keep(request, response, account.language)
    elif chosen := languages.chosen(request):
        account.language = chosen
        account.save(update_fields=["language"])


def _tokens(request: HttpRequest) -> list[str]:
    return host_cookies.read(request, COOKIE).split(_BETWEEN)[:ACCOUNTS_MAX]


def _keep_tokens(request: HttpRequest, response: HttpResponse, tokens: list[str]) -> None:
    lasts = web_sessions.EXPIRES_AFTER if tokens else timedelta(0)
    host_cookies.keep(request, response, COOKIE, _BETWEEN.join(tokens), lasts)
