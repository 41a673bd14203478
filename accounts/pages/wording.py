"""Refusals in a person's words and language. The verbs' own messages are the protocol's: English,
and exact because clients know them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import (
    admission,
    captcha,
    credentials,
    email_factor,
    handles,
    held_sign_ups,
    invites,
    opening,
    standing,
    tokens,
)
from hosting.limits import RateLimitExceeded
from hosting.limits.wording import too_many
from protocol.errors import XrpcError

_BY_MESSAGE: dict[str, Promise] = {
    "Handle too short": _("Use at least 3 characters."),
    "Handle too long": _("Use at most 18 characters."),
    "Reserved handle": _("This handle is reserved. Choose another one."),
    "Inappropriate language in handle": _("This word cannot be a handle. Choose another one."),
    "Email is required": _("Enter your e-mail address."),
    "This is not a key that can be used: did:key:z… is expected.": _(
        "This is not a key that can be used: did:key:z… is expected."
    ),
    "This is no handle.": _("This is no handle."),
    "This is no address of a host.": _("This is no address of a host."),
    "Password must not be your handle or email address.": _(
        "Choose a password that is not your handle or e-mail address."
    ),
    "No invite code provided": _("Sign-up here needs an invite code."),
}
_BY_KIND: dict[type[XrpcError], Promise] = {
    handles.InvalidHandle: _("Use letters, digits and dashes; no dash at either end."),
    handles.UnsupportedDomain: _("Choose one of the domains in the list."),
    admission.EmailMalformed: _("This is not an e-mail address. It looks like name@example.com."),
    admission.EmailDisposable: _(
        "Throw-away addresses are not accepted. Enter one that you keep: it is the way back into"
        " your account."
    ),
    credentials.SignUpWaits: _(
        "Your sign-up waits for the staff of this host. You get an e-mail when they have decided."
    ),
    admission.HandleTaken: _("This handle is taken. Choose another one."),
    admission.RecoveryKeyRefused: _("This is not a key that can be used: did:key:z… is expected."),
    invites.InvalidInviteCode: _("This invite code cannot be used."),
    captcha.CaptchaRefused: _("The check that you are no robot did not succeed. Try once more."),
    held_sign_ups.QueueFull: _("Too many sign-ups wait here already. Try again another day."),
    credentials.InvalidLogin: _("The name or the password is wrong."),
    tokens.InvalidToken: _("This code is not the right one. It may have been used already."),
    tokens.ExpiredToken: _("This code is too old. Ask for a new one."),
    email_factor.WrongCode: _("This code is not the right one, or too old. Sign in again."),
    standing.AccountTakedown: _("This account was taken down by its host. Signing in is off."),
    opening.DirectoryLate: _(
        "The directory that registers new accounts has not answered yet. Nothing is lost: send the"
        " form again in a few minutes to go on where it stopped."
    ),
    opening.DirectoryDown: _(
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
    if type(refusal) is admission.EmailRefused:
        is_taken = refusal.message.startswith("Email already taken")
        return str(_EMAIL_TAKEN if is_taken else _EMAIL_UNFIT)
    return str(_BY_KIND.get(type(refusal), refusal.message))
