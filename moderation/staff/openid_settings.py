"""OpenID Connect of a tenant: its providers set and removed, people frozen and thawed by hand.

Each change is one transaction with its entry in the audit log; a secret is in neither.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import OpenIdIdentity, OpenIdProvider
from accounts.oauth.openid import identities
from hosting.models import Host, StaffUser
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol.errors import InvalidRequest
from server.encryption import keyring

Action = AuditEntry.Action
PROVIDERS_MAX = 10


class TooManyProviders(InvalidRequest):
    """400: a sign-in page has room for so many buttons."""

    message = f"A tenant has at most {PROVIDERS_MAX} OpenID providers"
    page_text = _("There are too many providers: remove one first.")


class ProviderExists(InvalidRequest):
    """400: the tenant has the same provider already."""

    message = "There is a provider with this issuer and client ID already"
    page_text = _("There is a provider with this issuer and client ID already.")


class PeopleFrozen(InvalidRequest):
    """400: without the provider nobody would know any more who is frozen by it."""

    message = "People are frozen by this provider: give their accounts back first, or disable it"
    page_text = _("People are frozen by it: activate them again first, or do not use it any more.")


def save(
    staff: StaffUser, host: Host, provider: OpenIdProvider, secret: str, reason: str
) -> OpenIdProvider:
    """Keep a provider as it is now, for the tenant of `host`; an empty secret leaves the one that
    is there. Raises NotAllowed, ReasonNeeded, TooManyProviders, ProviderExists."""
    reason = permissions.checked(staff, Deed.SETTINGS_CHANGE, host.tenant_id, reason)
    provider.tenant_id = host.tenant_id
    if secret:
        provider.client_secret = keyring.wrap(secret.encode())
    same = _of(host).filter(issuer=provider.issuer, client_id=provider.client_id)
    if same.exclude(pk=provider.pk).exists():
        raise ProviderExists
    if provider.pk is None and _of(host).count() >= PROVIDERS_MAX:
        raise TooManyProviders
    with transaction.atomic():
        if not secret and provider.pk is not None:  # whoever changed it since the page was read
            there = OpenIdProvider.objects.select_for_update().filter(pk=provider.pk)
            provider.client_secret = there.values_list("client_secret", flat=True).first() or b""
        provider.save()
        said = f"{provider.name}, {provider.issuer}: {reason}"
        audit.record_at_host(staff, host, Action.HOST_CHANGE_OPENID, said)
    return provider


def remove(staff: StaffUser, host: Host, provider: OpenIdProvider, reason: str) -> None:
    """Remove a provider and whom it knows; the accounts stay, and can set a password by mail.
    Raises NotAllowed, ReasonNeeded, PeopleFrozen."""
    reason = permissions.checked(staff, Deed.SETTINGS_CHANGE, host.tenant_id, reason)
    with transaction.atomic():
        locked = OpenIdProvider.objects.select_for_update().get(pk=provider.pk)
        if locked.identities.filter(left_at__isnull=False, account__isnull=False).exists():
            raise PeopleFrozen
        said = f"{provider.name}, {provider.issuer} removed: {reason}"
        audit.record_at_host(staff, host, Action.HOST_CHANGE_OPENID, said)
        provider.delete()


def freeze(staff: StaffUser, identity: OpenIdIdentity, reason: str) -> None:
    """Have the account of somebody who has left rest. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(staff, Deed.SUSPEND, identity.host.tenant_id, reason)
    if identity.account is not None:
        with transaction.atomic():
            audit.record(staff, identity.account, Action.ACCOUNT_FREEZE, reason)
            identities.freeze(identity, identities.BY_STAFF)


def thaw(staff: StaffUser, identity: OpenIdIdentity, reason: str) -> None:
    """Give it back; asks the directory. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(staff, Deed.SUSPEND, identity.host.tenant_id, reason)
    if identity.account is not None:
        audit.record(staff, identity.account, Action.ACCOUNT_THAW, reason)
        identities.thaw(identity)


def of_tenant(host: Host, provider_id: int) -> OpenIdProvider | None:
    """One of the tenant's providers."""
    return _of(host).filter(pk=provider_id).first()


def all_of(host: Host) -> list[OpenIdProvider]:
    """The tenant's providers."""
    return list(_of(host).order_by("pk"))


def _of(host: Host) -> "QuerySet[OpenIdProvider]":
    return OpenIdProvider.objects.filter(tenant=host.tenant_id)


def roles_in(text: str, allowed: Mapping[str, Any]) -> dict[str, str]:
    """`value = role` a line, as a mapping; lines of other shapes are a ValueError of the line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        value, is_there, role = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not is_there or not value or role not in allowed:
            raise ValueError(line[:100])
        found[value] = role
    return found
