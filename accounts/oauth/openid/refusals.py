"""Refusals of a sign-in by OpenID Connect, in words for logs and for people."""

from django.utils.translation import gettext_lazy as _

from accounts.oauth.own_client.refusals import SignInLost, SignInRefused
from protocol.errors import InvalidRequest, XrpcError

__all__ = [
    "AdmittedByIt",
    "IdTokenRefused",
    "IdentityTaken",
    "LastWayIn",
    "NotAMember",
    "ProviderSilent",
    "ProviderWrong",
    "SignInLost",
    "SignInRefused",
]


class ProviderWrong(InvalidRequest):
    """400: the provider, or what is set here about it, is not right; the message says what."""

    page_text = _("This way to sign in is not set up right. Tell the staff of this host.")


class IdTokenRefused(ProviderWrong):
    """400: its ID token does not prove anything; the message says why."""


class ProviderSilent(XrpcError):
    """502: it does not answer, or is in trouble."""

    name = "UpstreamFailure"
    status = 502
    message = "The OpenID provider does not answer"
    page_text = _("The service by which you sign in does not answer. Try again in a few minutes.")


class NotAMember(InvalidRequest):
    """400: the provider knows them, but not as one of the tenant's people."""

    message = "The OpenID provider does not name this person a member"
    page_text = _("You are not one of those who may sign in here this way.")


class IdentityTaken(InvalidRequest):
    """400: the identity opens another account here already, or the account another identity."""

    message = "This identity, or this account, is connected already"
    page_text = _("This identity is connected with another account already.")


class AdmittedByIt(InvalidRequest):
    """400: the account is there because its provider lets people in; it stays so for as long."""

    message = "The account was opened by this provider and stays connected with it"
    page_text = _("This account came with this way to sign in and stays connected with it.")


class LastWayIn(InvalidRequest):
    """400: without it nobody could sign in to the account."""

    message = "The account has neither a password nor a passkey"
    page_text = _("Set a password first: without it you could not sign in any more.")
