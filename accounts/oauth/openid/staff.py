"""The member of staff that an identity is: made when they come first, with the role that the claim
comes to which the tenant named; it counts anew at each sign-in.

Somebody who has no role any more is no member of this tenant any more, and is not let in. Staff
who were there before are never taken over: an identity has a name of its own.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import OpenIdProvider, StaffOpenIdIdentity
from accounts.oauth.openid.people import Person
from accounts.oauth.openid.refusals import NotAMember
from hosting.models import Member, StaffUser

_NAME_MAX_CHARS = 100


def enter(provider: OpenIdProvider, person: Person) -> StaffUser:
    """Who it is, with the role that they have today. Raises NotAMember."""
    identity = _find(provider, person)
    if not person.role or person.role not in Member.Role.values or not person.is_member:
        if identity is not None:
            Member.objects.filter(tenant=provider.tenant_id, user=identity.user).delete()
        raise NotAMember
    if identity is None:
        identity = _made(provider, person)
    if not identity.user.is_active or identity.user.is_platform_staff:
        raise NotAMember
    Member.objects.update_or_create(
        tenant_id=provider.tenant_id, user=identity.user, defaults={"role": person.role}
    )
    return identity.user


def _find(provider: OpenIdProvider, person: Person) -> StaffOpenIdIdentity | None:
    found = StaffOpenIdIdentity.objects.filter(provider=provider, subject=person.subject)
    return found.select_related("user").first()


def _made(provider: OpenIdProvider, person: Person) -> StaffOpenIdIdentity:
    name = (person.handle or person.email or person.subject)[:_NAME_MAX_CHARS]
    try:
        with transaction.atomic():
            user = StaffUser.objects.create_user(
                _free_name(provider, name), person.email[:254], is_staff=True
            )
            return StaffOpenIdIdentity.objects.create(
                provider=provider, subject=person.subject, user=user, linked_at=timezone.now()
            )
    except IntegrityError:  # in this very moment, by another request of theirs
        identity = _find(provider, person)
        if identity is None:
            raise
        return identity


def _free_name(provider: OpenIdProvider, name: str) -> str:
    """Names of staff are unique over all tenants, so the tenant's is part of it."""
    fit = "".join(letter for letter in name if letter.isalnum() or letter in "@.+-_")
    base = f"{provider.tenant.slug}.{fit}"[:130]
    taken = StaffUser.objects.filter(username__startswith=base)
    names = set(taken.values_list("username", flat=True)[:1_000])
    if base not in names:
        return base
    return next(each for n in range(2, 2_000) if (each := f"{base}-{n}") not in names)
