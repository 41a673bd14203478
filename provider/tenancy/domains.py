"""Handle domains of hosts: added, checked by rules, removed.

Over two domains that cover a name the longer one decides (hosting.tenancy.routing), so a domain
below another tenant's is a decision of the provider alone.
"""

from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.identity.handles import allocation
from accounts.models import Account, CustomHandle, WebIdentity
from accounts.models.accounts import AccountQuerySet
from accounts.signals import handle_changed
from hosting.models import HandleDomain, Host
from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.tenancy import routing
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.syntax import is_handle
from provider.errors import NAMED_MAX, InUse, InvalidField, NameTaken, NoSuchThing
from server.net import public_suffixes

BATCH: Final = 200  # accounts that lose their handle in one transaction


def normal_form(name: str) -> str:
    """`Acme.example` and `.acme.example.` are `.acme.example`. Raises InvalidField."""
    bare = name.strip().lower().strip(".")
    if not is_handle(bare):  # a name with two labels at least, and no address of digits
        raise InvalidField("domain", f"{name} is not a domain under which handles can be.")
    return f".{bare}"


def check_new(name: str) -> str:
    """The domain in its normal form, when a host may get it. Raises InvalidField, NameTaken."""
    if settings.SANDBOX and name.strip().lower().strip(".") == "test":
        name = ".test"  # the specification keeps it for networks like a sandbox
    else:
        name = normal_form(name)
        _check_public(name)
    if HandleDomain.objects.filter(name=name).exists():
        raise NameTaken(f"{name} is a handle domain already.")
    if allocation.is_taken(name[1:]):
        raise NameTaken(f"{name[1:]} is somebody's handle.")
    return name


def add(host: Host, name: str, by: Actor | None = None) -> HandleDomain:
    """Give a host one more domain, behind those that it has; None: while the host is made.

    Raises InvalidField, NameTaken, QuotaExceeded.
    """
    name = check_new(name)
    with transaction.atomic():
        return _added(host, name, by)


def _added(host: Host, name: str, by: Actor | None) -> HandleDomain:
    there = HandleDomain.objects.filter(host__tenant=host.tenant_id)
    quotas.check_counted(host.tenant, Limit.DOMAINS, there.count)
    last = host.handle_domains.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    try:
        with transaction.atomic():
            domain: HandleDomain = host.handle_domains.create(name=name, position=position)
            if by is not None:
                audit.record_at_host(by, host, AuditEntry.Action.HOST_ADD_DOMAIN, name)
    except IntegrityError as fault:  # somebody else, at the same moment
        raise NameTaken(f"{name} is a handle domain already.") from fault
    routing.forget()
    return domain


def named(name: str) -> HandleDomain:
    """The domain, in any spelling. Raises NoSuchThing."""
    found = HandleDomain.objects.select_related("host__tenant")
    domain = found.filter(name="." + name.strip().lower().strip(".")).first()
    if domain is None:
        raise NoSuchThing(f"{name} is no handle domain of ours.")
    return domain


def users(domain: HandleDomain) -> AccountQuerySet:
    """The accounts whose handle is under it, and under no longer domain of the same host."""
    longer = domain.host.handle_domains.filter(name__endswith=domain.name).exclude(pk=domain.pk)
    found = Account.objects.of(domain.host).filter(
        handle__endswith=domain.name, custom_handle__isnull=True
    )
    for other in longer:
        found = found.exclude(handle__endswith=other.name)
    return found.order_by("pk")


def remove(domain: HandleDomain, by: Actor, *, is_forced: bool = False) -> int:
    """Take a domain away; how many accounts lost their handle by it.

    Refused while somebody has a handle under it, unless forced: then those accounts live on, show
    as `handle.invalid`, and their owners are asked for another one. It can be repeated when it was
    cut off. did:web identities keep a domain for ever: their documents are served under it.
    Raises InUse.
    """
    identities = WebIdentity.objects.filter(did__startswith="did:web:", did__endswith=domain.name)
    _refuse_if_used(domain, list(identities.values_list("did", flat=True)[: NAMED_MAX + 1]))
    if not is_forced:
        names = list(users(domain).values_list("handle", flat=True)[: NAMED_MAX + 1])
        count = len(names) if len(names) <= NAMED_MAX else users(domain).count()
        _refuse_if_used(domain, [name or "" for name in names], count)
    lost = 0
    while batch := _lose_handles(domain):
        lost += batch
    with transaction.atomic():
        HandleDomain.objects.select_for_update().get(pk=domain.pk)
        while batch := _lose_handles(domain):  # who signed up meanwhile
            lost += batch
        said = f"{domain.name}, {lost} handles lost"
        audit.record_at_host(by, domain.host, AuditEntry.Action.HOST_REMOVE_DOMAIN, said)
        domain.delete()
    routing.forget()
    return lost


def _refuse_if_used(domain: HandleDomain, names: list[str], count: int | None = None) -> None:
    if names:
        raise InUse(domain.name, names, count or len(names))


@transaction.atomic
def _lose_handles(domain: HandleDomain) -> int:
    """Some of the accounts: from now on their handle is one of a domain that is not ours, and has
    no proof (accounts.identity.external_handles)."""
    accounts = list(users(domain).select_for_update(of=("self",))[:BATCH])
    now = timezone.now()
    for account in accounts:
        CustomHandle.objects.create(
            account=account, next_check_at=now, failing_since=now, failure_count=1, lost_at=now
        )
        if account.opened_at is not None:
            handle_changed.send(sender=Account, account=account)
    return len(accounts)


def _check_public(name: str) -> None:
    bare = name[1:]
    if bare.rpartition(".")[2] in allocation.DISALLOWED_TOP_LEVELS:
        raise InvalidField("domain", f"{name} ends in a name that the Internet does not have.")
    if public_suffixes.is_public_suffix(bare):
        raise InvalidField("domain", f"{name} is a public suffix: anybody may register below it.")
