"""Invitations to the staff: a link by mail, good once and for a week, that sets name and password.

Who joins has to set up a second factor before the console opens (outside of a sandbox). Somebody
who is staff elsewhere joins with the name and the password that they have.
"""

import re
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.mail import emails, outbox
from hosting.models import PLATFORM, Host, Member, StaffInvite, StaffUser
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed, NotAllowed
from moderation.staff import members
from moderation.staff.members import UnknownRole
from protocol.errors import InvalidRequest, XrpcError

Action = AuditEntry.Action
LIVES: Final = timedelta(days=7)
PENDING_MAX: Final = 100  # of one tenant
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{1,63}")


class NotAnAddress(InvalidRequest):
    """400: nothing to send a link to."""

    message = "Enter a valid e-mail address."
    page_text = _("Enter a valid e-mail address.")


class TooManyInvites(XrpcError):
    """429: so many wait already."""

    name = "RateLimitExceeded"
    status = 429
    message = "Too many invitations wait. Withdraw some."
    page_text = _("Too many invitations wait. Withdraw some.")


class InviteGone(XrpcError):
    """404: used, withdrawn, too old, or never there."""

    name = "NotFound"
    status = 404
    message = "This invitation is not valid any more. Ask for another one."
    page_text = _("This invitation is not valid any more. Ask for another one.")


class NameUnfit(InvalidRequest):
    """400: not a name to sign in with."""

    message = "Use 2 to 64 letters, digits and . _ @ + -"
    page_text = _("Use 2 to 64 letters, digits and . _ @ + -")


class NameTaken(InvalidRequest):
    """400: somebody has it, and the password is not theirs."""

    message = "This name is taken, or it is yours and the password is wrong."
    page_text = _("This name is taken, or it is yours and the password is wrong.")


def invite(actor: Actor, host: Host, email: str, role: str) -> str:
    """Invite somebody to the staff of a host's tenant; an earlier invitation of the same address
    is void. The link, which is mailed, too.

    Raises NotAllowed, UnknownRole, NotAnAddress, TooManyInvites, QuotaExceeded,
    RateLimitExceeded.
    """
    permissions.require(actor, Deed.STAFF_MANAGE, host.tenant_id)
    _check_role(actor, role)
    email = email.strip().lower()
    _check_address(email)
    token, expires_at = secrets.token_urlsafe(32), timezone.now() + LIVES
    link = f"{host.origin}/console/join/{token}/"
    with transaction.atomic():
        pending = StaffInvite.objects.filter(tenant=host.tenant_id)
        pending.filter(expires_at__lte=timezone.now()).delete()
        if pending.exclude(email=email).count() >= PENDING_MAX:
            raise TooManyInvites
        if role != PLATFORM:
            members.check_room(host.tenant, but_for=email)
        made, _is_new = StaffInvite.objects.update_or_create(
            tenant=host.tenant,
            email=email,
            defaults={
                "host": host, "role": role, "token_sha256": _hash(token), "expires_at": expires_at
            },
        )  # fmt: skip
        audit.record_at_host(actor, host, Action.STAFF_INVITE, f"{email} as {role}")
        members.tell_owners(actor, host, Action.STAFF_INVITE, f"{email}, {made.get_role_display()}")
        words = {"role": made.get_role_display(), "link": link, "expires_at": expires_at}
        outbox.post(host, email, emails.STAFF_INVITE, words)
    return link


def withdraw(actor: Actor, host: Host, pending: StaffInvite) -> None:
    """Make a link worthless. Raises NotAllowed."""
    permissions.require(actor, Deed.STAFF_MANAGE, pending.tenant_id)
    with transaction.atomic():
        said = f"{pending.email} as {pending.role}"
        audit.record_at_host(actor, host, Action.STAFF_WITHDRAW_INVITE, said)
        pending.delete()


def find(host: Host, token: str) -> StaffInvite:
    """The invitation of a link that was opened at this host. Raises InviteGone."""
    found = StaffInvite.objects.filter(
        tenant=host.tenant_id, token_sha256=_hash(token), expires_at__gt=timezone.now()
    ).first()
    if found is None:
        raise InviteGone
    return found


def accept(host: Host, token: str, name: str, password: str) -> StaffUser:
    """Join: a new member of staff with that name and password, or one who has them already.

    Raises InviteGone, NameUnfit, NameTaken, LastOwner, ValidationError for a weak password.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise NameUnfit
    with transaction.atomic():
        if not StaffInvite.objects.select_for_update().filter(pk=find(host, token).pk).exists():
            raise InviteGone
        found = find(host, token)
        staff = _staff(name, password, found.email)
        if found.role == PLATFORM:
            StaffUser.objects.filter(pk=staff.pk).update(is_platform_staff=True)
        else:
            members.join(found.tenant_id, staff, found.role)
        audit.record_at_host(staff, host, Action.STAFF_JOIN, f"{found.email} as {found.role}")
        members.tell_owners(staff, host, Action.STAFF_JOIN, f"{staff}, {found.get_role_display()}")
        found.delete()
    return StaffUser.objects.get(pk=staff.pk)


def _staff(name: str, password: str, email: str) -> StaffUser:
    there = StaffUser.objects.filter(username__iexact=name).first()
    if there is None:
        return StaffUser.objects.create_user(name, email, password, is_staff=True)
    if not (there.is_active and there.is_staff and there.check_password(password)):
        raise NameTaken
    return there


def _check_role(actor: Actor, role: str) -> None:
    if role not in {PLATFORM, *Member.Role.values}:
        raise UnknownRole
    if role == PLATFORM and isinstance(actor, StaffUser) and not actor.is_platform_staff:
        raise NotAllowed


def _check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise NotAnAddress from None


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
