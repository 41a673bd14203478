"""Drafts of tenants: filled in step by step, made, looked at from outside, opened, or removed.

What is made before a host is opened admits nobody and has nothing in any log, so that a draft can
be changed or removed at every step without a trace.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.invites import codes
from hosting.models import Host, Member, StaffUser
from moderation import audit
from moderation.models import AuditEntry
from moderation.staff import staff_invites
from protocol.errors import XrpcError
from provider.errors import InUse
from provider.models import TenantDraft
from provider.tenancy import domain_checks, host_checks, host_settings, hosts, plans, tenants
from provider.tenancy.domain_checks import Verdict

OPEN_MAX: Final = 100  # drafts that nobody finished, of all staff
KEPT: Final = timedelta(days=30)
DOMAINS_MAX: Final = 10  # each of them is asked for from outside while somebody waits
_TENANT_FIELDS: Final = ("name", "primary_colour", "support_email", "operator", "country")


class TooManyDrafts(XrpcError):
    """409: so many wait already."""

    name = "TooManyDrafts"
    status = 409
    message = "Too many tenants are being set up. Finish or remove one first."
    page_text = _("Too many tenants are being set up. Finish or remove one first.")


class NotReachable(XrpcError):
    """409: the host did not answer from outside."""

    name = "NotReachable"
    status = 409
    message = "The host does not answer from outside yet."
    page_text = _("The host does not answer from outside yet.")


def begin(staff: StaffUser) -> TenantDraft:
    """A new draft. Raises TooManyDrafts."""
    if TenantDraft.objects.filter(opened_at=None).count() >= OPEN_MAX:
        raise TooManyDrafts
    return TenantDraft.objects.create(staff=staff)


@transaction.atomic
def fill(draft: TenantDraft, values: Mapping[str, Any]) -> None:
    """Keep what a step's form has checked; what was made of the draft before is made anew."""
    draft = _locked(draft)
    _unmake(draft)
    draft.given = {**draft.given, **values}
    draft.save()


@transaction.atomic
def take_back(draft: TenantDraft) -> None:
    """Remove what was made of it and keep what was entered. Raises InUse."""
    draft = _locked(draft)
    if draft.tenant is not None and draft.opened_at is None:
        _unmake(draft)
        draft.save()


@transaction.atomic
def make(draft: TenantDraft) -> Host:
    """Make the tenant and its host, which admits nobody yet; again: the same.

    Raises InvalidField, NameTaken; nothing is made then.
    """
    draft = _locked(draft)
    if draft.host is not None:
        return draft.host
    given = draft.given
    fields = {name: given[name] for name in _TENANT_FIELDS if given.get(name)}
    tenant = tenants.create(given["slug"], fields, draft.staff)
    if given.get("plan"):
        plans.give(tenant, plans.named(given["plan"]), draft.staff)
    host = hosts.create(tenant, given["hostname"], given.get("domains", []), draft.staff)
    values = {"admission": Host.Admission.CLOSED.value, "app-url": given.get("app_url", "")}
    host_settings.change(host, values)
    draft.tenant, draft.host = tenant, host
    draft.save()
    return host


def look(draft: TenantDraft) -> None:
    """Ask for the host and its domains from outside, and keep what was seen. It waits for other
    servers for some seconds each: no transaction may be open."""
    host = draft.host
    if host is None:
        return
    seen = [_seen(host.hostname, each) for each in host_checks.check(host)]
    for domain in host.handle_domains.select_related("host")[:DOMAINS_MAX]:
        seen += [_seen(f"*{domain.name}", each) for each in domain_checks.check(domain)]
    TenantDraft.objects.filter(pk=draft.pk, host=host).update(checks=seen)
    draft.checks = seen


def is_reachable(draft: TenantDraft) -> bool:
    """Whether the host answered when it was last looked at."""
    return any(
        each["check"] == host_checks.ANSWER and each["verdict"] == Verdict.OK
        for each in draft.checks
    )


@transaction.atomic
def open_host(draft: TenantDraft, by: StaffUser) -> None:
    """Admit people as the draft says, mail the owner an invitation, make the first invite code.

    Raises NotReachable, and the refusals of an invitation; nothing has changed then.
    """
    draft = _locked(draft)
    host = draft.host
    if draft.opened_at is not None:
        return
    if host is None or not is_reachable(draft):
        raise NotReachable
    given = draft.given
    values = {"admission": given["admission"]}
    host_settings.change(host, values)
    made = AuditEntry.Action.HOST_CHANGE_SETTINGS
    audit.record_at_host(by, host, made, f"opened, admission: {given['admission']}")
    staff_invites.invite(by, host, given["owner_email"], Member.Role.OWNER)
    if given["admission"] == Host.Admission.INVITE:
        uses = given["invite_uses"]
        (draft.invite_code,) = codes.give(host, codes_each=1, uses_each=uses)["admin"]
        audit.record_at_host(by, host, AuditEntry.Action.INVITES_CREATE, f"1, {uses} uses")
    draft.opened_at = timezone.now()
    draft.save()


@transaction.atomic
def remove(draft: TenantDraft) -> None:
    """Remove a draft, and what was made of it unless it was opened."""
    draft = _locked(draft)
    _unmake(draft)
    draft.delete()


def forget_old() -> int:
    """Remove drafts that nobody touched for long, with what was made of them; how many."""
    count = 0
    for draft in TenantDraft.objects.filter(changed_at__lte=timezone.now() - KEPT):
        with suppress(InUse, TenantDraft.DoesNotExist):  # somebody opened the host by other ways
            remove(draft)
            count += 1
    return count


def _locked(draft: TenantDraft) -> TenantDraft:
    found = TenantDraft.objects.select_for_update(of=("self",))
    return found.select_related("host__tenant", "tenant", "staff").get(pk=draft.pk)


def _unmake(draft: TenantDraft) -> None:
    """Nobody was ever admitted, and no log names the host."""
    if draft.opened_at is not None:
        return
    if draft.host is not None:
        hosts.remove(draft.host, draft.staff)
    if draft.tenant is not None:
        tenants.delete(draft.tenant, draft.staff)
    draft.host, draft.tenant, draft.checks = None, None, []


def _seen(subject: str, result: domain_checks.Result) -> dict[str, str]:
    return {
        "subject": subject,
        "check": result.subject,
        "verdict": str(result.verdict),
        "said": result.sentence,
    }
