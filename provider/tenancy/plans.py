"""Plans: made, looked up, changed, given to tenants; limits of single tenants and accounts.

A limit that gets smaller by that stays what it was for the plan's days of grace.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, AccountLimits
from hosting.models import Plan, Tenant
from hosting.plans import limits, quotas
from hosting.plans.limits import OF_ACCOUNT, Limit
from hosting.tenancy import routing
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.errors import XrpcError
from provider.errors import NAMED_MAX, InUse, InvalidField, NameTaken, NoSuchThing, first_fault
from provider.models import PlatformEntry
from provider.tenancy import tenant_log
from provider.tenancy.host_settings import shown


class Retired(XrpcError):
    """409: the plan is given to nobody any more."""

    name = "PlanRetired"
    status = 409
    page_text = _("This plan is retired: choose another one.")
    field = "plan"

    def __init__(self, slug: str) -> None:
        super().__init__(f"Plan {slug} is retired.")


_SIZES: Final = ("", "kb", "mb", "gb", "tb")
_AMOUNT: Final = re.compile(rf"([0-9]{{1,16}}) ?({'|'.join(_SIZES)})")
FIELDS: Final[Mapping[str, str]] = {
    "name": "as people read it: Club",
    "grace_days": "days that a limit which gets smaller stays what it was",
}


def named(slug: str) -> Plan:
    """The plan of that short name. Raises NoSuchThing."""
    plan = Plan.objects.filter(slug=slug).first()
    if plan is None:
        raise NoSuchThing(f"No plan is called {slug}.")
    return plan


def listed() -> list[tuple[Plan, int]]:
    """All plans by name, each with the number of its tenants: one statement."""
    counted = Plan.objects.annotate(tenants_count=models.Count("tenants"))
    return [(plan, plan.tenants_count) for plan in counted.order_by(Lower("name"))]


@transaction.atomic
def create(slug: str, fields: Mapping[str, object], given: Mapping[str, object], by: Actor) -> Plan:
    """Make a plan; `fields` are some of FIELDS, `given` limits by name. Raises InvalidField,
    NameTaken."""
    if Plan.objects.filter(slug=slug).exists():
        raise NameTaken(f"There is a plan {slug} already.")
    plan = Plan(slug=slug, name=slug)
    try:
        with transaction.atomic():
            _save(plan, fields, given)
    except IntegrityError as fault:  # somebody else, at the same moment
        raise NameTaken(f"There is a plan {slug} already.") from fault
    tenant_log.note(by, None, "; ".join(["made", *_differences({}, _all(plan))]), _about(plan))
    return plan


@transaction.atomic
def change(
    plan: Plan, fields: Mapping[str, object], given: Mapping[str, object], by: Actor
) -> list[str]:
    """Change fields and limits of a plan, for all its tenants; what each was and is. A limit that
    is given as "default" is the platform's again. Raises InvalidField."""
    before = _all(plan)
    tenants = list(plan.tenants.select_related("plan").select_for_update(of=("self",)))
    held = {tenant.pk: _held(tenant) for tenant in tenants}
    _save(plan, fields, given)
    said = _differences(before, _all(plan))
    for tenant in tenants:
        tenant.plan = plan
        _begin_grace(tenant, held[tenant.pk])
    if said:
        tenant_log.note(by, None, "; ".join(said), _about(plan))
    return said


@transaction.atomic
def delete(plan: Plan, by: Actor) -> None:
    """Remove a plan that no tenant has. Raises InUse."""
    slugs = list(plan.tenants.values_list("slug", flat=True)[: NAMED_MAX + 1])
    if slugs:
        raise InUse(f"Plan {plan.slug}", slugs, plan.tenants.count())
    tenant_log.note(by, None, "removed", _about(plan))
    plan.delete()


@transaction.atomic
def retire(plan: Plan, by: Actor) -> None:
    """Give a plan to nobody any more; whoever has it keeps it. May be repeated."""
    if Plan.objects.filter(pk=plan.pk, retired_at=None).update(retired_at=timezone.now()):
        tenant_log.note(by, None, "retired", _about(plan))


@transaction.atomic
def offer(plan: Plan, by: Actor) -> None:
    """Give a retired plan again. May be repeated."""
    if Plan.objects.filter(pk=plan.pk).exclude(retired_at=None).update(retired_at=None):
        tenant_log.note(by, None, "offered again", _about(plan))


def history(plan: Plan) -> list[PlatformEntry]:
    """What was changed of a plan, the newest first."""
    return tenant_log.of_platform(_about(plan))


@transaction.atomic
def give(tenant: Tenant, plan: Plan | None, by: Actor) -> list[str]:
    """Give a tenant a plan, or none: what holds then is the platform's. `plan: a -> b`. Raises
    Retired."""
    tenant = _locked(tenant)
    if tenant.plan == plan:
        return []
    if plan is not None and plan.retired_at is not None:
        raise Retired(plan.slug)
    before = tenant.plan
    held = _held(tenant) if before is not None else {}  # a first plan holds at once
    tenant.plan = plan
    _begin_grace(tenant, held)
    said = f"plan: {_slug(before)} -> {_slug(plan)}"
    tenant_log.note(by, tenant, said)
    return [said]


@transaction.atomic
def set_limits(tenant: Tenant, given: Mapping[str, object], by: Actor) -> list[str]:
    """Set limits of a tenant's own, before its plan's, which hold at once; "default" takes one away
    again. Raises InvalidField."""
    tenant = _locked(tenant)
    before, graced = dict(tenant.limits), tenant.limits_before
    tenant.limits = _merged(tenant.limits, given, Limit)
    tenant.limits_before = {key: value for key, value in graced.items() if key not in given}
    _save_tenant(tenant)
    if said := _differences(before, tenant.limits):
        tenant_log.note(by, tenant, "; ".join(said))
    return said


@transaction.atomic
def set_account_limits(
    account: Account, given: Mapping[str, object], by: Actor, *, is_tenants: bool = False
) -> list[str]:
    """Set limits of one account's own; "default" takes one away again. A tenant (`is_tenants`)
    gives no more than its plan does; what the provider gave before may stay. Raises InvalidField.
    """
    row, _made = AccountLimits.objects.select_for_update().get_or_create(account=account)
    before = dict(row.limits)
    row.limits = _merged(row.limits, given, OF_ACCOUNT)
    if is_tenants:
        _check_within_plan(account, before, row.limits)
    row.save()
    if said := _differences(before, row.limits):
        audit.record(by, account, AuditEntry.Action.ACCOUNT_CHANGE_LIMITS, "; ".join(said))
    return said


def _check_within_plan(account: Account, before: limits.Limits, after: limits.Limits) -> None:
    for key, value in after.items():
        most = quotas.limit(account.host.tenant, Limit(key), account.host).value
        is_more = most is not None and (value is None or value > most)
        if is_more and (key not in before or before[key] != value):
            raise InvalidField(key, f"The plan allows {most}: only the provider gives more.")


def account_of(tenant: Tenant, did_or_handle: str) -> Account:
    """An account of a tenant. Raises NoSuchThing."""
    found = Account.objects.filter(host__tenant=tenant).select_related("host__tenant__plan")
    account = found.named(did_or_handle).first()
    if account is None:
        raise NoSuchThing(f"{tenant.slug} has no account {did_or_handle}.")
    return account


def _locked(tenant: Tenant) -> Tenant:
    found = Tenant.objects.select_related("plan").select_for_update(of=("self",))
    return found.get(pk=tenant.pk)


def _held(tenant: Tenant) -> limits.Limits:
    """What holds for a tenant before a change."""
    return {quota.limit: quota.value for quota in quotas.stated(tenant)}


def _begin_grace(tenant: Tenant, held: limits.Limits) -> None:
    """Save a tenant; what got smaller stays what it was for a while."""
    days = tenant.plan.grace_days if tenant.plan is not None else 0
    tenant.grace_until, tenant.limits_before = None, {}
    smaller = {
        limit: held[limit]
        for limit, value in _held(tenant).items()
        if limit in held and _is_less(value, held[limit])
    }
    if days and smaller:
        tenant.grace_until = timezone.now() + timedelta(days=days)
        tenant.limits_before = smaller
    _save_tenant(tenant)


def _save_tenant(tenant: Tenant) -> None:
    tenant.save(update_fields=["plan", "limits", "limits_before", "grace_until"])
    routing.forget()
    transaction.on_commit(routing.forget)


def _is_less(value: int | None, before: int | None) -> bool:
    return value is not None and (before is None or value < before)


def _save(plan: Plan, fields: Mapping[str, object], given: Mapping[str, object]) -> None:
    for field, value in fields.items():
        setattr(plan, field, value)
    plan.limits = _merged(plan.limits, given, Limit)
    try:
        plan.full_clean()
    except ValidationError as fault:
        raise first_fault(fault) from fault
    plan.save()


def _merged(
    there: limits.Limits, given: Mapping[str, object], wanted: Iterable[Limit]
) -> dict[str, int | None]:
    """Limits with others put over them; texts as `parsed` takes them."""
    merged = dict(there)
    for key, text in given.items():
        value = parsed(text)
        if value == "default":
            merged.pop(key, None)
            continue
        fault = limits.fault_in(key, value)
        if not fault and key not in list(wanted):
            fault = f"{key} is no limit of an account."
        if fault:
            raise InvalidField(key, fault)
        merged[key] = value  # type: ignore[assignment] # `fault_in` has looked at it
    return merged


def parsed(text: object) -> object:
    """A limit as people type it: `100`, `10 GB` (of 1,024 MB), `none`, `default`. What is none of
    these comes back as it is."""
    if not isinstance(text, str):
        return text
    word = text.strip().lower()
    if word in ("none", ""):
        return None
    if not (found := _AMOUNT.fullmatch(word)):
        return word
    return int(found[1]) * 1024 ** _SIZES.index(found[2])


def _all(plan: Plan) -> dict[str, object]:
    return {**{field: getattr(plan, field) for field in FIELDS}, **plan.limits}


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    names = [*before, *(name for name in after if name not in before)]
    return [
        f"{name.replace('_', '-')}: {_said(before, name)} -> {_said(after, name)}"
        for name in names
        if (name in before, before.get(name)) != (name in after, after.get(name))
    ]


def _said(values: Mapping[str, object], name: str) -> str:
    if name not in values:
        return "default"
    return "none" if values[name] is None else shown(values[name])


def _about(plan: Plan) -> str:
    return f"plan {plan.slug}"


def _slug(plan: Plan | None) -> str:
    return plan.slug if plan is not None else "none"
