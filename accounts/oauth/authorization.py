"""Authorization: what the pages call while a person answers an app's request.

A page opens the request for its browser (accounts.oauth.requests.opened_requests), asks what comes
next (`next_step`), tells who signed in or was chosen (`sign_in`, `choose`), and ends it (`decide`,
`refuse`). Whatever comes back as a Redirect is the end: the app learns of a code or an error. What
is raised is shown as a page, because nothing proves yet where a redirect may lead.

Source: RFC 6749 section 4.1, OpenID Connect Core section 3.1.2.1 (prompt), RFC 9126, RFC 9207.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.delegation import acting
from accounts.delegation.acting import DelegationEnded
from accounts.models import Account, Delegation, OAuthDeviceAccount, OAuthRequest
from accounts.oauth import consents, devices, opaque, scopes
from accounts.oauth.errors import AccessDenied
from accounts.oauth.requests import controllers
from accounts.oauth.requests.opened_requests import (
    Opened,
    answer,
    locked_again,
    of_row,
    prolonged,
    refusal,
)
from accounts.oauth.requests.pushed_requests import CREATE, LOGIN, NONE, SELECT_ACCOUNT
from accounts.oauth.requests.redirects import Redirect
from accounts.status import AccountNotFound, AccountTakedown, lock_for_session
from server.encryption import digests

CODE_LASTS: Final = timedelta(minutes=1)


class NotSignedIn(AccessDenied):
    """The browser has no sign-in of the account any more."""

    message = "This account is not signed in here"
    page_text = _("This account is not signed in here any more.")


class OtherAccountExpected(AccessDenied):
    """The app asked for one account, and another one was chosen."""

    message = "The app expects another account"
    page_text = _("The app expects another account. Sign in to that one.")


class Step(Enum):
    """What the person is to be asked next."""

    SIGN_IN = "who they are: `Opened.account` and `login_hint` say whom, if that is known"
    SIGN_UP = "to make an account (prompt=create)"
    CHOOSE_ACCOUNT = "which of the accounts that are signed in at the browser"
    CONSENT = "whether the app may have what it asks for"


@dataclass(frozen=True, slots=True)
class Question:
    """What the consent page asks: `scopes` as asked for (`atproto` is always granted), and which
    of them are ticked at first (those that were unticked before are not). `known`: those that were
    answered before, if any were; a controller is asked as if for the first time."""

    account: Account
    scopes: tuple[str, ...]
    ticked: frozenset[str]
    known: frozenset[str]
    back: Redirect  # where the answer goes; no parameters yet


def next_step(opened: Opened) -> Step | Redirect:
    """What comes next, or the end: an error that the app asked for (prompt=none), or a code without
    a question where everything was granted before (silent sign-in)."""
    if opened.prompt == NONE:
        return _without_asking(opened)
    if opened.account is not None:
        return Step.SIGN_IN if _has_to_sign_in(opened, opened.account) else Step.CONSENT
    return Step.SIGN_UP if opened.prompt == CREATE else _whom_to_ask(opened)


def candidates(opened: Opened) -> list[OAuthDeviceAccount]:
    """Who is signed in at the browser and may answer: those that `login_hint` names, or all."""
    here = devices.signed_in(opened.device)
    hint = opened.login_hint
    if not hint:
        return here
    return [each for each in here if hint in (each.account.did.lower(), each.account.handle)]


def sign_in(opened: Opened, account: Account, *, is_remembered: bool) -> Opened:
    """Somebody signed in or signed up on the page, just now: for themselves, or for the account
    that `login_hint` names, if they act for it. Raises AccessDenied for anybody else;
    AccountTakedown, AccountNotFound, InvalidLogin."""
    if account.host_id != opened.host.pk:
        raise NotSignedIn
    delegation = None
    if not controllers.is_expected(opened, account):
        delegation = next(iter(controllers.of_person(opened, account)), None)
        if delegation is None:
            raise OtherAccountExpected
    devices.sign_in(opened.device, account, is_remembered=is_remembered)
    return _with_account(opened, account, delegation, is_fresh=True)


def choose(opened: Opened, did: str) -> Opened:
    """Somebody who is signed in at the browser was chosen. Raises AccessDenied for anybody else."""
    for each in candidates(opened):
        if each.account.did == did:
            return _with_account(opened, each.account, is_fresh=False)
    raise NotSignedIn


def act(opened: Opened, delegation_id: str) -> Opened:
    """Somebody who is signed in at the browser acts for another account. Raises AccessDenied for
    whoever does not."""
    for each in controllers.of_browser(opened):
        if str(each.pk) == delegation_id:
            is_fresh = opened.row.is_fresh_sign_in and _who_signed_in(opened) == each.controller_did
            return _with_account(opened, each.account, each, is_fresh=is_fresh)
    raise NotSignedIn


def forget_choice(opened: Opened) -> Opened:
    """Ask again who it is ("another account")."""
    OAuthRequest.objects.filter(pk=opened.row.pk, code_sha256=None).update(
        account=None, delegation=None, is_fresh_sign_in=False
    )
    opened.row.account, opened.row.is_fresh_sign_in = None, False
    opened.row.delegation = None
    return opened


def question(opened: Opened) -> Question:
    """What to ask for consent; there is an account by then."""
    account = opened.account
    assert account is not None  # noqa: S101 - Step.CONSENT comes after it
    asked = _scopes(opened)
    is_owner = opened.delegation is None
    before = consents.of(account, opened.client.client_id) if is_owner else consents.Remembered()
    back = Redirect(opened.row.parameters["redirect_uri"], {})
    ticked, known = frozenset(asked) - before.declined, before.granted | before.declined
    return Question(account, asked, ticked, known, back)


def decide(opened: Opened, account: Account, ticked: Collection[str]) -> Redirect:
    """The person grants `ticked` of what was asked for; the code goes to the app.

    Given twice (a double click) it leads to the same code. A Redirect with `access_denied` for an
    account that is not active any more. Raises RequestRefused when the request has gone, and
    NotSignedIn for an account that did not sign in for it, or has to again.
    """
    if opened.account is None or opened.account.pk != account.pk:
        raise NotSignedIn
    if opened.row.code_sha256 is None and _has_to_sign_in(opened, account):
        raise NotSignedIn
    asked = _scopes(opened)
    granted = tuple(each for each in asked if each in ticked or each == scopes.ATPROTO)
    declined = tuple(each for each in asked if each not in granted)
    return _grant(opened, (account, opened.delegation), granted, declined)


def refuse(opened: Opened, error: str = "access_denied", description: str = "") -> Redirect:
    """The request ends with an error for the app: the person said no, or cannot go on. A code that
    it led to before, in another tab perhaps, is good no longer."""
    OAuthRequest.objects.filter(pk=opened.row.pk).delete()
    return refusal(opened.row, AccessDenied(description or "The request was denied", name=error))


def _grant(
    opened: Opened,
    who: tuple[Account, Delegation | None],
    granted: tuple[str, ...],
    declined: tuple[str, ...],
) -> Redirect:
    """The code; `who` grants it: the account, and the controller who acts for it, if one does."""
    account, delegation = who
    with transaction.atomic():
        try:
            if delegation is not None:
                acting.locked_for_session(opened.host, delegation.pk)
            locked = lock_for_session(account)
        except (AccountNotFound, AccountTakedown, DelegationEnded):
            return refuse(opened)
        row = locked_again(opened)
        if not locked.is_active or not _is_there(opened, locked, delegation):
            row.delete()
            return refusal(row, AccessDenied("The account is not active"))
        code = _code_of(row)
        if row.code_sha256 is None:
            row.account, row.delegation = locked, delegation
            row.code_sha256 = digests.sha256(code)
            row.granted_scope = " ".join(granted)
            row.expires_at = timezone.now() + CODE_LASTS
            row.save()
            if not opened.client.is_loopback and delegation is None:
                consents.remember(locked, row.client_id, granted, declined)
        return answer(row, {"code": code})


def _whom_to_ask(opened: Opened) -> Step | Redirect:
    here = candidates(opened)
    is_nobody = not here and not controllers.of_browser(opened)
    if opened.prompt == SELECT_ACCOUNT and is_nobody and not opened.client.is_public:
        return refuse(opened, "account_selection_required", "Nobody is signed in")
    if opened.prompt == LOGIN or is_nobody:
        return Step.SIGN_IN
    if not opened.prompt and opened.login_hint and len(here) == 1:
        silent = _silently(opened, here[0])
        if silent is not None:
            return silent
    return Step.CHOOSE_ACCOUNT


def _without_asking(opened: Opened) -> Redirect:
    """prompt=none: a code or the reason why somebody has to be asked."""
    here = candidates(opened)
    if not here:
        return refuse(opened, "login_required", "Nobody is signed in")
    if len(here) > 1:
        return refuse(opened, "account_selection_required", "More than one account is signed in")
    if not controllers.is_fresh(here[0]):
        return refuse(opened, "login_required", "The sign-in is too old")
    return _silently(opened, here[0]) or refuse(opened, "consent_required", "Not granted yet")


def _silently(opened: Opened, here: OAuthDeviceAccount) -> Redirect | None:
    """A code without a question; None when there is something to ask."""
    account = here.account
    asked = _scopes(opened)
    before = consents.of(account, opened.client.client_id)
    is_known = opened.is_trusted or not opened.client.is_public
    if not (is_known and before.covers(asked) and controllers.is_fresh(here) and account.is_active):
        return None
    return _grant(opened, (account, None), asked, ())


def _has_to_sign_in(opened: Opened, account: Account) -> bool:
    if opened.row.is_fresh_sign_in:
        return False
    if opened.prompt == LOGIN:
        return True
    if opened.delegation is not None:
        return not controllers.has_fresh_sign_in(opened, opened.delegation)
    mine = [each for each in candidates(opened) if each.account_id == account.pk]
    return not any(controllers.is_fresh(each) for each in mine)


def _is_there(opened: Opened, account: Account, delegation: Delegation | None) -> bool:
    """Whether who answers is still signed in at the browser."""
    if delegation is not None:
        return controllers.has_fresh_sign_in(opened, delegation)
    return any(each.account_id == account.pk for each in devices.signed_in(opened.device))


def _with_account(
    opened: Opened, account: Account, delegation: Delegation | None = None, *, is_fresh: bool
) -> Opened:
    with transaction.atomic():
        row = locked_again(opened)
        row.account = account if delegation is None else delegation.account
        row.delegation, row.is_fresh_sign_in = delegation, is_fresh
        row.expires_at = prolonged(row)
        row.save(update_fields=["account", "delegation", "is_fresh_sign_in", "expires_at"])
    return of_row(row, opened.device)


def _who_signed_in(opened: Opened) -> str:
    """The DID of whoever the request knows: a controller, not the account that they act for."""
    if opened.delegation is not None:
        return opened.delegation.controller_did
    return opened.account.did if opened.account is not None else ""


def _scopes(opened: Opened) -> tuple[str, ...]:
    return tuple(str(opened.row.parameters["scope"]).split())


def _code_of(row: OAuthRequest) -> str:
    """The request's one code. It is made, not stored, so a repetition finds it again."""
    return f"cod-{opaque.mac(row.host, 'code', row.uri_sha256.encode()).hex()}"
