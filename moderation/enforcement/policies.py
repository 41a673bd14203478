"""Policies: the tenant's own list of rules, kept by its owner, on the record."""

from dataclasses import asdict, dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, StaffUser, Tenant
from moderation import audit, permissions
from moderation.models import AuditEntry, Policy
from moderation.permissions import Deed
from protocol.errors import InvalidRequest

MAX: Final = 200  # of a tenant


class PolicyNameTaken(InvalidRequest):
    """400: the tenant has a policy of that name."""

    message = "There is a policy of this name"
    page_text = _("There is a policy of this name.")
    field = "name"


class TooManyPolicies(InvalidRequest):
    """400: the tenant's list is full."""

    message = "Too many policies"
    page_text = _("Too many policies. Retire some first.")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy says; see moderation.models.Policy."""

    name: str
    public_text: str
    severity: str
    default_action: str
    strikes: int = 0
    strike_days: int = 90
    suspends_at: int | None = None
    suspension_days: int = 7


def in_force(tenant: Tenant) -> QuerySet[Policy]:
    """The tenant's policies that decisions may name, by name."""
    return Policy.objects.filter(tenant=tenant, retired_at__isnull=True).order_by("name")


def add(actor: StaffUser, host: Host, rule: Rule) -> Policy:
    """A new policy. Raises NotAllowed, PolicyNameTaken, TooManyPolicies."""
    permissions.require(actor, Deed.POLICIES_CHANGE, host.tenant_id)
    if in_force(host.tenant).count() >= MAX:
        raise TooManyPolicies
    return _saved(actor, host, Policy(tenant=host.tenant), rule)


def change(actor: StaffUser, host: Host, policy: Policy, rule: Rule) -> Policy:
    """Other words or consequences; decisions of before keep the text that they named. Raises
    NotAllowed, PolicyNameTaken."""
    permissions.require(actor, Deed.POLICIES_CHANGE, host.tenant_id)
    return _saved(actor, host, policy, rule)


def retire(actor: StaffUser, host: Host, policy: Policy) -> None:
    """Take a policy off the list; decisions that name it keep it. Raises NotAllowed."""
    permissions.require(actor, Deed.POLICIES_CHANGE, host.tenant_id)
    with transaction.atomic():
        policy.retired_at = timezone.now()
        policy.save(update_fields=["retired_at"])
        audit.record_at_host(actor, host, AuditEntry.Action.POLICY_RETIRE, policy.name)


def _saved(actor: StaffUser, host: Host, policy: Policy, rule: Rule) -> Policy:
    for name, value in asdict(rule).items():
        setattr(policy, name, value)
    try:
        with transaction.atomic():
            policy.save()
            audit.record_at_host(actor, host, AuditEntry.Action.POLICY_CHANGE, policy.name)
    except IntegrityError:
        raise PolicyNameTaken from None
    return policy
