"""Refusals in a person's words and language. The verbs' own messages are the protocol's: English,
and exact because clients know them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import (
    credential_rules,
    credentials,
    email_second_factor,
    session_tokens,
)
from accounts.identity import did_verification
from accounts.identity.handles import allocation
from accounts.invites import codes
from accounts.oauth import authorization, errors
from accounts.signup import approval_queue, await_directory, captcha, rules
from hosting.limits import RateLimitExceeded
from hosting.limits.wording import too_many
from protocol.errors import XrpcError

_BY_MESSAGE: dict[str, Promise] = {
    "Handle too short": _("Use at least 3 characters."),
    "Handle too long": _("Use at most 18 characters."),
    "Reserved handle": _("This handle is reserved. Choose another one."),
    "Inappropriate language in handle": _("This word cannot be a handle. Choose another one."),
    "Email is required": _("Enter your e-mail address."),
    "Enter a public key in the form did:key:z…": _("Enter a public key in the form did:key:z…"),
    "Enter a valid handle.": _("Enter a valid handle."),
    "Enter the URL of a PDS.": _("Enter the URL of a PDS."),
    "Password must not be your handle or email address.": _(
        "Choose a password that is not your handle or e-mail address."
    ),
    "No invite code provided": _("Sign-up here needs an invite code."),
    "The app expects another account": _("The app expects another account. Sign in to that one."),
    "This account is not signed in here": _("This account is not signed in here any more."),
    "This page opens in a window of its own only": _(
        "This page opens in a window of its own only."
    ),
    "The address has no pushed authorization request": _("The address of this page is incomplete."),
}
_BY_KIND: dict[type[XrpcError], Promise] = {
    allocation.InvalidHandle: _("Use letters, digits and dashes; no dash at either end."),
    allocation.UnsupportedDomain: _("Choose one of the domains in the list."),
    credential_rules.EmailMalformed: _(
        "This is not an e-mail address. It looks like name@example.com."
    ),
    credential_rules.EmailDisposable: _(
        "Disposable addresses are not accepted. Enter one that you keep: it is the way back into"
        " your account."
    ),
    credentials.SignUpWaits: _(
        "Your sign-up waits for the staff of this host. You get an e-mail when they have decided."
    ),
    rules.HandleTaken: _("This handle is taken. Choose another one."),
    rules.RecoveryKeyRefused: _("Enter a public key in the form did:key:z…"),
    codes.InvalidInviteCode: _("This invite code is not valid."),
    captcha.CaptchaRefused: _("The captcha was not solved. Please try again."),
    approval_queue.QueueFull: _("Too many sign-ups wait here already. Try again another day."),
    credentials.InvalidLogin: _("The name or the password is wrong."),
    session_tokens.InvalidToken: _("This code is wrong or has been used already."),
    session_tokens.ExpiredToken: _("This code has expired. Request a new one."),
    email_second_factor.WrongCode: _("This code is wrong or has expired. Sign in again."),
    status.AccountTakedown: _("This account was taken down by its host. You cannot sign in."),
    authorization.RequestRefused: _("This sign-in has expired, or was answered already."),
    errors.UnauthorizedClient: _("The people who run this host have blocked this app."),
    did_verification.InvalidDid: _(
        "The DID of this account points to another host. To use the account here, move it back"
        " first."
    ),
    did_verification.DidServerUnavailable: _(
        "The directory of accounts cannot be reached at the moment. Try again in a few minutes."
    ),
    await_directory.DirectoryTimeout: _(
        "The directory that registers new accounts has not answered yet. Nothing is lost: send the"
        " form again in a few minutes to go on where it stopped."
    ),
    await_directory.DirectoryDown: _(
        "The directory that registers new accounts cannot be reached at the moment. Nothing is"
        " lost: send the form again in a few minutes to go on where it stopped."
    ),
}
_EMAIL_TAKEN = _("An account here already uses this address. Sign in instead?")
_EMAIL_UNFIT = _("This address cannot be used. Enter a different one.")


def for_person(refusal: XrpcError) -> str:
    """The sentence to show for a refusal; the protocol's own where there is no better one."""
    if refusal.message in _BY_MESSAGE:
        return str(_BY_MESSAGE[refusal.message])
    if isinstance(refusal, RateLimitExceeded):
        return too_many(refusal)
    if type(refusal) is credential_rules.EmailRefused:
        is_taken = refusal.message.startswith("Email already taken")
        return str(_EMAIL_TAKEN if is_taken else _EMAIL_UNFIT)
    return str(_BY_KIND.get(type(refusal), refusal.message))
