"""Tenants: made, looked up, changed, removed."""

from collections.abc import Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hosting.models import Tenant
from hosting.tenancy import routing
from moderation.audit import Actor
from provider.errors import InUse, NameTaken, NoSuchThing, first_fault
from provider.tenancy import tenant_log
from provider.tenancy.host_settings import shown

# What the provider may say of a tenant, and what it is.
FIELDS: Final[Mapping[str, str]] = {
    "name": "as people read it: Acme Association",
    "primary_colour": "of its pages and e-mails: #2f6b3a",
    "support_email": "where answers to its e-mails go",
    "privacy_policy_url": "linked from its pages",
    "terms_of_service_url": "linked from its pages",
    "operator": "who runs it, as the law wants it: Acme Association e. V., Bremen",
    "country": "where, in two letters: DE",
    "moderation_email": "where reports and appeals can be sent by mail",
    "backups": "a sentence on backups, for /about",
    "exit_promise": "a sentence on what happens when the host closes, for /about",
    "moved_copy_kept_days": "for how long copies of accounts that moved away are kept",
    "wants_second_factors": "whether people are asked to set up a second factor",
}


@transaction.atomic
def create(slug: str, fields: Mapping[str, object], by: Actor) -> Tenant:
    """Make a tenant; it has no host yet. `fields` are some of FIELDS, `name` among them.

    Raises InvalidField, NameTaken.
    """
    if Tenant.objects.filter(slug=slug).exists():
        raise NameTaken(f"There is a tenant {slug} already.")
    tenant = Tenant(slug=slug)
    try:
        with transaction.atomic():
            _save(tenant, fields)
    except IntegrityError as fault:  # somebody else, at the same moment
        raise NameTaken(f"There is a tenant {slug} already.") from fault
    tenant_log.note(by, tenant, "made")
    return tenant


def named(slug: str) -> Tenant:
    """The tenant of that short name. Raises NoSuchThing."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise NoSuchThing(f"No tenant is called {slug}.")
    return tenant


@transaction.atomic
def change(tenant: Tenant, fields: Mapping[str, object], by: Actor) -> list[str]:
    """Set some of FIELDS; what each was and is: `name: Ash -> Oak`. Raises InvalidField."""
    before = {field: getattr(tenant, field) for field in fields}
    _save(tenant, fields)
    said = [
        f"{field.replace('_', '-')}: {shown(before[field])} -> {shown(getattr(tenant, field))}"
        for field in fields
        if before[field] != getattr(tenant, field)
    ]
    if said:
        tenant_log.note(by, tenant, "; ".join(said))
    return said


@transaction.atomic
def delete(tenant: Tenant, by: Actor) -> None:
    """Remove a tenant that has no hosts, with its staff's roles. Raises InUse."""
    hosts = list(tenant.hosts.values_list("hostname", flat=True))
    if hosts:
        raise InUse(f"Tenant {tenant.slug}", hosts, len(hosts))
    tenant_log.note(by, tenant, "removed")
    tenant.delete()


def _save(tenant: Tenant, fields: Mapping[str, object]) -> None:
    for field, value in fields.items():
        setattr(tenant, field, value)
    try:
        tenant.full_clean()
    except ValidationError as fault:
        raise first_fault(fault) from fault
    # The columns that were given alone: others change the rest at the same moment
    tenant.save(update_fields=None if tenant.pk is None else list(fields))
    transaction.on_commit(routing.forget)
