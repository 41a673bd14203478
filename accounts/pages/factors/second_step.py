"""The second step of a sign-in, for oneself and for an app: whether it is asked for, what came, and
whether the browser is trusted from now on."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language

from accounts.authentication.factors import holders, passkeys, second_step, trusted_browsers
from accounts.authentication.factors.passkeys import PasskeyRefused
from accounts.authentication.factors.second_step import Ways
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.sign_in_alerts import Way
from accounts.models import Account
from accounts.pages import cookies
from accounts.pages.forms.second_step import SecondStepForm
from hosting import limits
from hosting.pages import host_cookies
from hosting.tenancy.routing import host_of
from server.net.client_networks import network

TEMPLATE: Final = "accounts/sign_in_code.html"
TRUST_COOKIE: Final = "grove-trusted"


def needed(request: HttpRequest, account: Account) -> Ways | None:
    """What has to be shown after the right password; None where that is enough."""
    if trusted_browsers.is_trusted(account, host_cookies.read(request, TRUST_COOKIE)):
        return None
    return second_step.ways(holders.of_account(account))


def start(account: Account, asked: Ways) -> str:
    """The challenge for the form, in the reader's language where something is mailed."""
    return second_step.start(account, asked, get_language())


def ask_again(form: SecondStepForm) -> None:
    """Have a form that came back ask for the same once more; nothing for a challenge of nobody's,
    which the form says by itself."""
    with suppress(WrongCode):
        account = second_step.started(form.host, form.data.get("challenge", ""))
        asked = second_step.ways(holders.of_account(account))
        if asked is not None:
            form.ask(account, asked)


def complete(
    request: HttpRequest, form: SecondStepForm, then: Callable[[Account], HttpResponse]
) -> HttpResponse:
    """What `then` answers once a valid form had what was asked for. Raises WrongCode,
    PasskeyRefused, RateLimitExceeded."""
    given = form.cleaned_data
    client = cookies.client_of(request)
    account = second_step.complete(form.host, given["challenge"], form.shown, client)
    response = then(account)
    if given["is_browser_trusted"]:
        before = host_cookies.read(request, TRUST_COOKIE)
        token = trusted_browsers.trust(account, before, request.headers.get("User-Agent", ""))
        host_cookies.keep(request, response, TRUST_COOKIE, token, trusted_browsers.LASTS)
    return response


def is_wanted(request: HttpRequest, account: Account) -> bool:
    """Whether the tenant wants a second factor of its people, and this one has none."""
    wants = host_of(request).tenant.wants_second_factors
    return wants and second_step.ways(holders.of_account(account)) is None


def welcome(request: HttpRequest, account: Account, way: Way = Way.PASSWORD) -> HttpResponse:
    """Sign in who has no second step to take: to the account's page, or to where the second factor
    is set up that the tenant wants. Whom a trusted browser spared the second factor has not proved
    who they are by that, for a page that wants to know. Raises AccountTakedown."""
    is_proof = second_step.ways(holders.of_account(account)) is None
    response = cookies.signed_in(request, account, way, is_proof=is_proof)
    if is_wanted(request, account):
        response["Location"] = reverse("accounts:second_factors")
    return response


def by_passkey(request: HttpRequest, response: str) -> Account:
    """Whose passkey came, without name and password; attempts count as those at a password. Raises
    PasskeyRefused, RateLimitExceeded."""
    host = host_of(request)
    who = f"passkey from {network(request.META.get('REMOTE_ADDR', ''))}"
    with limits.logging_in(request, host, who, PasskeyRefused):
        return passkeys.sign_in(host, response)
