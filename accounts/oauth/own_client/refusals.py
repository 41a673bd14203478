"""Refusals of other hosts' authorization servers, in words for clients and for people."""

from django.utils.translation import gettext_lazy as _

from protocol.errors import InvalidRequest, XrpcError


class NoOAuth(InvalidRequest):
    """400: the host offers no OAuth, or none that will do; the message says why."""

    page_text = _("That host offers no sign-in that this one can use.")


class ServerSilent(XrpcError):
    """502: it does not answer, or not with anything that makes sense."""

    name = "UpstreamFailure"
    status = 502
    message = "The authorization server does not answer"
    page_text = _("The other host does not answer. Try again in a few minutes.")


class SignInRefused(InvalidRequest):
    """400: the server, or the person there, said no."""

    message = "The authorization server refused"
    page_text = _("The other host did not let you in. You can try again.")


class SignInLost(InvalidRequest):
    """400: the way back does not belong to a sign-in that this browser began."""

    message = "This answer belongs to no sign-in of this browser"
    page_text = _("This sign-in is over, or began in another browser. Begin again.")


class OtherPerson(InvalidRequest):
    """400: somebody else signed in than was expected."""

    message = "The authorization server signed somebody else in"
    page_text = _("Somebody else signed in there. Sign in with the account that you named.")


class SessionEnded(InvalidRequest):
    """400: the tokens are good for nothing any more."""

    message = "The session at the other host has ended"
    page_text = _("You are not signed in at the other host any more. Sign in there once more.")
