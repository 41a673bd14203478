"""The member of staff that an identity of a tenant's provider is: a name of its own, so that nobody
who was there before is ever taken over. Roles are moderation.staff.members' to give.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import OpenIdProvider, StaffOpenIdIdentity
from accounts.oauth.openid.people import Person
from hosting.models import StaffUser

_NAME_MAX_CHARS = 100


def find(provider: OpenIdProvider, person: Person) -> StaffUser | None:
    """Who it is, when they were here before."""
    found = StaffOpenIdIdentity.objects.filter(provider=provider, subject=person.subject)
    identity = found.select_related("user").first()
    return identity.user if identity else None


def make(provider: OpenIdProvider, person: Person) -> StaffUser:
    """Somebody new, without a password and without a role."""
    name = (person.handle or person.email or person.subject)[:_NAME_MAX_CHARS]
    try:
        with transaction.atomic():
            user = StaffUser.objects.create_user(
                _free_name(provider, name), person.email[:254], is_staff=True
            )
            StaffOpenIdIdentity.objects.create(
                provider=provider, subject=person.subject, user=user, linked_at=timezone.now()
            )
    except IntegrityError:  # in this very moment, by another request of theirs
        there = find(provider, person)
        if there is None:
            raise
        return there
    return user


def _free_name(provider: OpenIdProvider, name: str) -> str:
    """Names of staff are unique over all tenants, so the tenant's is part of it."""
    fit = "".join(letter for letter in name if letter.isalnum() or letter in "@.+-_")
    base = f"{provider.tenant.slug}.{fit}"[:130]
    taken = StaffUser.objects.filter(username__startswith=base)
    names = set(taken.values_list("username", flat=True)[:1_000])
    if base not in names:
        return base
    return next(each for n in range(2, 2_000) if (each := f"{base}-{n}") not in names)
