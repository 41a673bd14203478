"""Permissions: refusals of what a role of staff does not allow, or that gives no reason.

Each verb says who may; here are the words, and the one check that all of them make.
"""

from django.utils.translation import gettext_lazy as _

from protocol.errors import XrpcError


class NotAllowed(XrpcError):
    """403: this member of staff may look, but not act."""

    name = "Forbidden"
    status = 403
    message = "Your role does not allow this."
    page_text = _("Your role does not allow this.")


class TakedownNotAllowed(NotAllowed):
    """403: takedowns, and the deny list, are for moderators and owners."""

    message = "Your role does not allow takedowns."
    page_text = _("Your role does not allow takedowns.")


class AdmissionNotAllowed(NotAllowed):
    """403: whom to let in is for moderators and owners."""

    message = "Your role does not allow decisions on sign-ups."
    page_text = _("Your role does not allow decisions on sign-ups.")


class AppDecisionNotAllowed(NotAllowed):
    """403: whom an app may serve is for roles of the tenant to say."""

    message = "Your role does not allow this decision on apps."
    page_text = _("Your role does not allow this decision on apps.")


class OnlyOwnersSetPolicy(NotAllowed):
    """403: a tenant's owner, or the provider, says who may sign up at all."""

    message = "Only an owner can change the sign-up policy."
    page_text = _("Only an owner can change the sign-up policy.")


class OnlyOwnersDiscard(NotAllowed):
    """403: a tenant's owner, or the provider, removes evidence before its time."""

    message = "Only an owner discards evidence."
    page_text = _("Only an owner discards evidence.")


class ReasonNeeded(XrpcError):
    """400: an action without a reason is worth nothing in the log."""

    message = "Give a reason: it goes into the audit log."
    page_text = _("Give a reason: it goes into the audit log.")


def checked_reason(reason: str, *, is_allowed: bool, refusal: type[NotAllowed] = NotAllowed) -> str:
    """The reason for an action, without blanks around it. Raises `refusal`, ReasonNeeded."""
    if not is_allowed:
        raise refusal
    if not (stripped := reason.strip()):
        raise ReasonNeeded
    return stripped
