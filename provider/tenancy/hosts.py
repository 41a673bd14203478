"""Hosts: made with their domains, looked up, removed before anybody lives there."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.identity.handles import allocation
from accounts.models import Account
from hosting.models import Host, Tenant
from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.tenancy import provisioning, routing
from moderation.audit import Actor
from provider.errors import NAMED_MAX, InUse, InvalidField, NameTaken, NoSuchThing, first_fault
from provider.tenancy import domains, tenant_log

_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123 section 2.1


@transaction.atomic
def create(
    tenant: Tenant, hostname: str, names: Sequence[str], by: Actor, origin: str = ""
) -> Host:
    """Make a host of a tenant with its handle domains, the first of which is offered first.

    Without an `origin` it is https and the name, in a sandbox the scheme and port of
    GROVE_PUBLIC_URL. Raises InvalidField, NameTaken, QuotaExceeded; nothing is made then.
    """
    hostname = check_new(hostname)
    tenant_log.note(by, tenant, f"host {hostname}: made")
    quotas.check_counted(tenant, Limit.HOSTS, tenant.hosts.count)
    try:
        host = provisioning.create_host(tenant, hostname, origin or _origin(hostname), [])
    except ValidationError as fault:
        raise first_fault(fault) from fault
    except IntegrityError as fault:
        raise NameTaken(f"{hostname} is a host already.") from fault
    for name in names:
        domains.add(host, name)
    return host


def check_new(hostname: str) -> str:
    """The name in its normal form, when a host may get it. Raises InvalidField, NameTaken."""
    name = hostname.strip().lower().rstrip(".")
    labels = name.split(".")
    is_name = len(name) <= 253 and all(map(_LABEL.fullmatch, labels))
    if not is_name or (len(labels) < 2 and not settings.SANDBOX) or _is_address(name):
        raise InvalidField("hostname", f"{hostname} is not a host name.")
    if Host.objects.named(name).exists():
        raise NameTaken(f"{name} is a host already.")
    if allocation.is_taken(name):
        raise NameTaken(f"{name} is somebody's handle.")
    return name


def apex() -> str:
    """The platform's own name, under which a tenant's host may be."""
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def named(hostname: str) -> Host:
    """The host of that name. Raises NoSuchThing."""
    host = Host.objects.named(hostname).select_related("tenant").first()
    if host is None:
        raise NoSuchThing(f"No host is named {hostname}.")
    return host


def remove(host: Host, by: Actor) -> None:
    """Remove a host at which nobody has an account and nothing was ever done. Raises InUse."""
    accounts = Account.objects.of(host)
    names = [name or did for name, did in accounts.values_list("handle", "did")[: NAMED_MAX + 1]]
    if names:
        raise InUse(host.hostname, names, accounts.count())
    try:
        with transaction.atomic():
            host.delete()
            tenant_log.note(by, host.tenant, f"host {host.hostname}: removed")
    except ProtectedError as kept:
        what = sorted({str(row._meta.verbose_name) for row in kept.protected_objects})
        raise InUse(host.hostname, what, len(what)) from kept
    routing.forget()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.rpartition(".")[2].isdecimal()
    return True


def _origin(hostname: str) -> str:
    public = urlsplit(settings.PUBLIC_URL)
    if not settings.SANDBOX or public.port is None:
        return f"https://{hostname}"
    return f"{public.scheme}://{hostname}:{public.port}"
