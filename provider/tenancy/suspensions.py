"""Suspending a tenant and resuming it, and telling the firehose of each of its accounts.

What is refused meanwhile, hosting.tenancy.suspension says; no account's own status changes, so that
each is afterwards what it was. #account events go out at the pace that relays take from one host:
accounts that are active are announced as suspended one by one, and after the end those that were.
"""

from datetime import timedelta
from typing import Final, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting.models import Host, Tenant
from hosting.tenancy import routing
from moderation.audit import Actor
from provider.errors import InvalidField, NoSuchThing
from provider.jobs import kinds, running
from provider.jobs.pacing import paced
from provider.jobs.work import Work
from provider.models import Job
from provider.tenancy import tenant_log
from provider.webhooks import events
from repos.lifecycle import account_signals

KIND: Final = "tenant.announce_suspension"
REASON_MAX_CHARS: Final = 300
# Every process has forgotten the host as it was: no write follows what is announced or exported
SETTLED_AFTER: Final = timedelta(seconds=2 * routing.REMEMBERED_S)


@transaction.atomic
def suspend(tenant: Tenant, actor: Actor, *, reason: str) -> Tenant:
    """Suspend a tenant. Its people are told the reason. A repetition takes the new reason.

    Raises InvalidField.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_MAX_CHARS:
        raise InvalidField("reason", "Say why, in at most 300 characters: people are shown it.")
    locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    is_new = locked.suspended_at is None
    locked.suspended_at = locked.suspended_at or timezone.now()
    locked.suspension_reason = reason
    locked.save(update_fields=["suspended_at", "suspension_reason"])
    tenant_log.note(actor, locked, f"suspended: {reason}")
    if is_new:
        _tell(locked, actor, events.Event.TENANT_SUSPENDED)
    transaction.on_commit(routing.forget)
    return locked


@transaction.atomic
def resume(tenant: Tenant, actor: Actor) -> Tenant:
    """End a suspension; nothing happens to a tenant that is not suspended. Raises NoSuchThing for
    one of which only the log is left."""
    locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if locked.deleted_at is not None:
        raise NoSuchThing("The tenant was deleted.")
    if locked.suspended_at is None:
        return locked
    locked.suspended_at, locked.suspension_reason = None, ""
    locked.save(update_fields=["suspended_at", "suspension_reason"])
    tenant_log.note(actor, locked, "resumed")
    _tell(locked, actor, events.Event.TENANT_RESUMED)
    transaction.on_commit(routing.forget)
    return locked


def announce(work: Work) -> None:
    """Announce some accounts, and go on in a minute: a job's work (provider.jobs)."""
    tenant = Tenant.objects.get(pk=cast("int", work.job.tenant_id))
    await_last_write(work, tenant)
    paced(work, to_announce(tenant), _announce)


def await_last_write(work: Work, tenant: Tenant) -> None:
    """For a job that wants what does not change any more. Raises Later while some process may still
    take a suspended tenant's writes."""
    if (left_s := settles_in_s(tenant)) > 0:
        work.pause(left_s)


def settles_in_s(tenant: Tenant) -> float:
    """For how long some process may still take a suspended tenant's writes; 0 once none does."""
    if tenant.suspended_at is None:
        return 0.0
    return max(0.0, (tenant.suspended_at + SETTLED_AFTER - timezone.now()).total_seconds())


def to_announce(tenant: Tenant) -> QuerySet[Account]:
    """The accounts of which the firehose says something else than what is so, by their ids."""
    of_tenant = Account.objects.filter(host__tenant=tenant).order_by("pk")
    if tenant.suspended_at is not None:
        return of_tenant.active().filter(announced_suspended_at=None)
    return of_tenant.filter(announced_suspended_at__isnull=False)


def _tell(tenant: Tenant, actor: Actor, event: events.Event) -> None:
    """Have the accounts announced, and those told who want to know of the tenant."""
    Job.objects.filter(tenant=tenant, kind=KIND).decide(Job.State.STOPPED)
    running.begin(KIND, tenant, actor)
    host = Host.objects.first_of(tenant)
    if host is not None:
        events.tell(host, event, {"tenant": tenant.slug, "reason": tenant.suspension_reason})


@transaction.atomic
def _announce(account_id: int) -> None:
    """Announce one account as it is now, whatever the job was begun for."""
    locked = Account.objects.select_for_update(no_key=True, of=("self",)).filter(pk=account_id)
    for account in locked.select_related("host__tenant"):
        account_signals.announce_status(account)


kinds.register(KIND, announce, _("Suspension announced"), is_platforms=True)
