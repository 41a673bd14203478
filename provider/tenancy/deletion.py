"""Deletion of a whole tenant: its accounts at the pace that relays take, then what it is known by.

The firehose says of each account that it is deleted, and stays for as long as events are kept, so
that relays hear it. Then names, keys, domains, staff and settings go. What has to outlive the
tenant stays under a name that nobody can ask for: the audit log, cases and legal holds.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.lifecycle import deletion
from accounts.models import Account, InviteCode, OAuthClientRule, OpenIdProvider
from accounts.models.accounts import AccountQuerySet
from accounts.status import AccountNotFound
from hosting.models import Host, Member, StaffInvite, Tenant
from hosting.tenancy import routing
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.errors import XrpcError
from provider.errors import InvalidField
from provider.jobs import kinds, running
from provider.jobs.work import Later, Work
from provider.models import ApiToken, Job, Webhook
from provider.tenancy import tenant_log
from repos.events.retention import DAYS_KEPT
from server.encryption import keyring

KIND: Final = "tenant.delete"
_PERIOD_S: Final = 60
_PENDING_AGAIN_S: Final = 3600  # a sign-up that never opened is given up meanwhile


class NotReady(XrpcError):
    """409: its people can still be here."""

    name = "NotReady"
    status = 409


class NotExported(NotReady):
    """409: nobody has what is to be deleted."""

    page_text = _("Export it first, or say that nobody needs its data.")


@transaction.atomic
def begin(tenant: Tenant, by: Actor, *, confirm: str, is_unexported: bool = False) -> Job:
    """Have a suspended tenant deleted with its hosts and accounts; it cannot be undone.

    `confirm` is its short name. `is_unexported`: although nobody has an export of it since it was
    suspended; its people are told by mail then. Raises InvalidField, NotReady, Underway.
    """
    if confirm != tenant.slug:
        raise InvalidField("confirm", f"Say {tenant.slug} once more: all of it will be deleted.")
    locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if locked.suspended_at is None:
        raise NotReady(f"Suspend {locked.slug} first.")
    somebody_has_it = is_exported(locked)
    if not somebody_has_it and not is_unexported:
        raise NotExported(f"Export {locked.slug} first, or say that nobody needs its data.")
    tenant_log.note(by, locked, "to be deleted" if somebody_has_it else "to be deleted, unexported")
    return running.begin(KIND, locked, by, {"is_told": not somebody_has_it})


def is_exported(tenant: Tenant) -> bool:
    """Whether it was exported since it was suspended: nothing was written afterwards."""
    exported_at, suspended_at = tenant.exported_at, tenant.suspended_at
    return exported_at is not None and suspended_at is not None and exported_at > suspended_at


def delete(work: Work) -> None:
    """Delete some accounts, and go on in a minute; the rest when all are gone: a job's work.

    Raises NotReady when the tenant was resumed meanwhile: its people are back.
    """
    tenant = Tenant.objects.get(pk=cast("int", work.job.tenant_id))
    if tenant.suspended_at is None:
        raise NotReady(f"{tenant.slug} serves its people again: the rest of it stays.")
    accounts = Account.objects.filter(host__tenant=tenant).select_related("host__tenant")
    if total := accounts.count():
        work.advance(total=work.job.done_count + total, step="accounts")
        _delete_some(work, accounts.open().order_by("pk"))
        if accounts.exists():
            work.pause(_PERIOD_S if accounts.open().exists() else _PENDING_AGAIN_S)
    if "emptied_at" not in work.place:
        work.advance(step="relays read that they are gone", emptied_at=timezone.now().timestamp())
    left_s = work.place["emptied_at"] + timedelta(days=DAYS_KEPT).total_seconds()
    if left_s > timezone.now().timestamp():
        raise Later(timezone.now() + timedelta(seconds=left_s - timezone.now().timestamp()))
    _close(tenant, work.job.by)


def _delete_some(work: Work, accounts: AccountQuerySet) -> None:
    at_once = max(1, settings.ANNOUNCEMENTS_PER_HOUR // 60)
    is_told = bool(work.given["is_told"])
    for account in list(accounts[:at_once]):
        with suppress(AccountNotFound), transaction.atomic():
            why = "the whole tenant is deleted"
            audit.record(work.job.by, account, AuditEntry.Action.ACCOUNT_DELETE, why)
            deletion.delete(account, is_told=is_told)
        work.advance(work.job.done_count + 1)


@transaction.atomic
def _close(tenant: Tenant, by: Actor) -> None:
    """Free the names, and forget what opens anything."""
    tenant_log.note(by, tenant, "deleted")
    for host in tenant.hosts.all():
        host.handle_domains.all().delete()
        Host.objects.filter(pk=host.pk).update(
            hostname=f"deleted-{host.pk}.invalid",
            origin=f"https://deleted-{host.pk}.invalid",
            service_did=f"did:web:deleted-{host.pk}.invalid",
            admission=Host.Admission.CLOSED,
            token_secret=keyring.wrap(b""),
            rotation_key=keyring.wrap(b""),
            rotation_did_key="",
            admin_password="",
            captcha_secret=b"",
        )
    for model in (Member, StaffInvite, OAuthClientRule, OpenIdProvider, ApiToken, Webhook):
        model.objects.filter(tenant=tenant).delete()
    InviteCode.objects.filter(host__tenant=tenant).delete()
    Tenant.objects.filter(pk=tenant.pk).update(
        slug=f"deleted-{tenant.pk}", deleted_at=timezone.now(), suspension_reason="Deleted."
    )
    transaction.on_commit(routing.forget)


kinds.register(KIND, delete, _("Tenant removed"), is_platforms=True)
