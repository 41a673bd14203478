"""The staff of a tenant: roles changed and taken, with the last owner protected, on the record.

What the provider's own staff change of it is told to the tenant's owners by mail.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OpenIdProvider
from accounts.oauth.openid import staff as identities
from accounts.oauth.openid.people import Person
from accounts.oauth.openid.refusals import NotAMember
from hosting.mail import emails, outbox
from hosting.models import (
    PLATFORM,
    Host,
    Member,
    StaffInvite,
    StaffSession,
    StaffUser,
    Tenant,
)
from hosting.plans import quotas
from hosting.plans.limits import Limit
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.desk import moves
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol.errors import InvalidRequest, XrpcError

Action = AuditEntry.Action


class UnknownRole(InvalidRequest):
    """400: no role that there is."""

    message = "There is no such role."
    page_text = _("There is no such role.")


class LastOwner(XrpcError):
    """409: nobody could manage the staff any more."""

    name = "LastOwner"
    status = 409
    message = "The last owner stays: make somebody else an owner first."
    page_text = _("The last owner stays: make somebody else an owner first.")


class NoSuchMember(XrpcError):
    """404: gone already."""

    name = "NotFound"
    status = 404
    message = "No such member of staff."
    page_text = _("No such member of staff.")


def change_role(actor: Actor, host: Host, member: Member, role: str, reason: str) -> None:
    """Give a member another role; it holds from their next request on.

    Raises NotAllowed, ReasonNeeded, UnknownRole, LastOwner, NoSuchMember.
    """
    reason = permissions.checked(actor, Deed.STAFF_MANAGE, member.tenant_id, reason)
    if role not in Member.Role.values:
        raise UnknownRole
    with transaction.atomic():
        locked = _locked(member, keeps_owner=role == Member.Role.OWNER)
        said = f"{locked.user}: {locked.role} -> {role}: {reason}"
        audit.record_at_host(actor, host, Action.STAFF_CHANGE_ROLE, said)
        tell_owners(
            actor, host, Action.STAFF_CHANGE_ROLE, f"{locked.user}, {Member.Role(role).label}"
        )
        Member.objects.filter(pk=locked.pk).update(role=role)
        if role not in permissions.TABLE[Deed.CASES_ASSIGN]:
            moves.let_go(locked.tenant_id, locked.user)


def join(tenant_id: int, staff: StaffUser, role: str) -> None:
    """Give somebody a role who was invited, in the caller's transaction. Raises LastOwner."""
    member = Member.objects.filter(tenant_id=tenant_id, user=staff).first()
    if member is None:
        Member.objects.create(tenant_id=tenant_id, user=staff, role=role)
        return
    locked = _locked(member, keeps_owner=role == Member.Role.OWNER)
    Member.objects.filter(pk=locked.pk).update(role=role)


def remove(actor: Actor, host: Host, member: Member, reason: str) -> None:
    """Take somebody off a tenant's staff; their sessions there end with it, and their cases are
    for whoever asks next.

    Raises NotAllowed, ReasonNeeded, LastOwner, NoSuchMember.
    """
    reason = permissions.checked(actor, Deed.STAFF_MANAGE, member.tenant_id, reason)
    with transaction.atomic():
        locked = _locked(member, keeps_owner=False)
        audit.record_at_host(
            actor, host, Action.STAFF_REMOVE, f"{locked.user} ({locked.role}): {reason}"
        )
        tell_owners(actor, host, Action.STAFF_REMOVE, str(locked.user))
        moves.let_go(locked.tenant_id, locked.user)
        locked.delete()
        StaffSession.objects.filter(staff=locked.user, host__tenant=locked.tenant_id).delete()


def enter(host: Host, provider: OpenIdProvider, person: Person) -> StaffUser:
    """Who signed in at a host by a provider of its tenant, made when they come first, with the role
    that their claim comes to today. The last owner keeps theirs; without a role in the claim they
    are let in no more than others. Raises NotAMember, QuotaExceeded.
    """
    role = person.role if person.is_member and person.role in Member.Role.values else ""
    user = identities.find(provider, person)
    if role and user is None:
        user = identities.make(provider, person)
    if user is not None and user.is_active and not user.is_platform_staff:
        _follow_claim(f"openid:{provider.name}", host, user, role)
        if role:
            return user
    raise NotAMember


def check_room(tenant: Tenant, but_for: str = "") -> None:
    """Refuse one more member of a tenant's staff, in the caller's transaction, when its members and
    its invitations that are still good, `but_for` that address, are as many as it may have. Raises
    QuotaExceeded."""
    invited = StaffInvite.objects.filter(tenant=tenant, expires_at__gt=timezone.now())
    others = invited.exclude(role=PLATFORM).exclude(email=but_for)

    def count() -> int:
        return tenant.members.count() + others.count()

    quotas.check_counted(tenant, Limit.STAFF, count)


def owners_of(host: Host) -> list[str]:
    """The addresses of those who own the tenant of a host."""
    owners = Member.objects.filter(tenant=host.tenant_id, role=Member.Role.OWNER)
    addresses = owners.exclude(user__email="").values_list("user__email", flat=True)
    return sorted(set(addresses))


def tell_owners(actor: Actor, host: Host, action: AuditEntry.Action, about: str) -> None:
    """Tell the owners of a tenant what the provider's staff change of its staff, in the caller's
    transaction; nothing of what its own staff do."""
    if not isinstance(actor, StaffUser) or not actor.is_platform_staff:
        return
    for address in owners_of(host):
        words = {"username": actor.username, "change": f"{action.label}: {about}"}
        outbox.post(host, address, emails.STAFF_CHANGED, words)


def _follow_claim(actor: Actor, host: Host, user: StaffUser, role: str) -> None:
    member = Member.objects.filter(tenant_id=host.tenant_id, user=user).first()
    reason = "what their claim comes to"
    try:
        if member is None and role:
            with transaction.atomic():
                check_room(host.tenant)
                Member.objects.update_or_create(
                    tenant_id=host.tenant_id, user=user, defaults={"role": role}
                )
                audit.record_at_host(actor, host, Action.STAFF_JOIN, f"{user} as {role}: {reason}")
        elif member is not None and not role:
            remove(actor, host, member, reason)
        elif member is not None and member.role != role:
            change_role(actor, host, member, role, reason)
    except LastOwner:
        if not role:
            StaffSession.objects.filter(staff=user, host__tenant=host.tenant_id).delete()


def _locked(member: Member, *, keeps_owner: bool) -> Member:
    """The member, with all owners of the tenant locked: two of them cannot remove each other at the
    same time. Raises LastOwner, NoSuchMember."""
    members = Member.objects.filter(tenant_id=member.tenant_id).order_by("pk")
    found = {each.pk: each for each in members.select_for_update(of=("self",))}
    if (locked := found.get(member.pk)) is None:
        raise NoSuchMember
    owners = {pk for pk, each in found.items() if each.role == Member.Role.OWNER}
    if owners == {member.pk} and not keeps_owner:
        raise LastOwner
    return locked
