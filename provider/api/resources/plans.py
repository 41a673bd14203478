"""Plans: list, show, make, change, remove; and what a tenant's allows."""

from datetime import date
from typing import Any, cast

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hosting.models import AccountDay, Plan, Tenant, TenantDay
from hosting.models.plans import GRACE_MAX_DAYS
from hosting.plans import metering, quotas
from hosting.plans.limits import VALUE_MAX, Limit
from hosting.plans.quotas import Quota, Source
from provider.api.base import ApiViewSet, page_of, paged, place_in
from provider.api.errors import NotFound
from provider.api.tokens import Scope
from provider.errors import InvalidField
from provider.tenancy import plans, usage

_MONTH = OpenApiParameter("month", str, description="2026-11; this one else")
_DAY = OpenApiParameter("day", str, required=True, description="2026-11-30")


class _Limits(serializers.DictField):
    """Limits by name; null: no limit. One that is left out is as without it."""

    child = serializers.IntegerField(allow_null=True, min_value=0, max_value=VALUE_MAX)


class PlanFields(serializers.Serializer[Plan]):
    """What may be set. Limits that are given are the whole table."""

    name = serializers.CharField(required=False, max_length=100)
    grace_days = serializers.IntegerField(required=False, min_value=0, max_value=GRACE_MAX_DAYS)
    limits = _Limits(required=False, help_text=", ".join(Limit))


class NewPlan(PlanFields):
    """A plan to be made."""

    slug = serializers.SlugField(max_length=50)


class PlanShown(NewPlan):
    """A plan. `retired_at`: since then it is given to nobody any more."""

    retired_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class PlanViewSet(ApiViewSet):
    """Plans: what tenants may use. They are the platform's alone."""

    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,50}"
    scopes = {
        "list": Scope.PLANS_READ,
        "retrieve": Scope.PLANS_READ,
        "create": Scope.PLANS_WRITE,
        "partial_update": Scope.PLANS_WRITE,
        "destroy": Scope.PLANS_WRITE,
        "retire": Scope.PLANS_WRITE,
        "offer": Scope.PLANS_WRITE,
    }
    platform_only = frozenset(scopes)

    @extend_schema(parameters=paged(), responses=page_of(PlanShown))
    def list(self, _request: Request) -> Response:
        """All plans, the newest first."""
        return self.page(Plan.objects.all(), shown)

    @extend_schema(responses=PlanShown)
    def retrieve(self, _request: Request, slug: str) -> Response:
        """One plan."""
        return Response(shown(plan_named(slug)))

    @extend_schema(request=NewPlan, responses={201: PlanShown})
    def create(self, _request: Request) -> Response:
        """Make a plan."""
        fields = self.read(NewPlan)
        given = fields.pop("limits", {})
        made = plans.create(fields.pop("slug"), fields, given, self.actor)
        return Response(shown(made), status.HTTP_201_CREATED)

    @extend_schema(request=PlanFields(partial=True), responses=PlanShown)
    def partial_update(self, _request: Request, slug: str) -> Response:
        """Change what is given, leave the rest."""
        plan, fields = plan_named(slug), self.read(PlanFields, is_partial=True)
        given = whole_table(fields.pop("limits", None), plan.limits)
        plans.change(plan, fields, given, self.actor)
        return Response(shown(plan))

    @extend_schema(responses={204: None})
    def destroy(self, _request: Request, slug: str) -> Response:
        """Remove a plan that no tenant has."""
        plans.delete(plan_named(slug), self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=PlanShown)
    @action(detail=True, methods=["post"])
    def retire(self, _request: Request, slug: str) -> Response:
        """Give it to nobody any more; whoever has it keeps it."""
        plans.retire(plan_named(slug), self.actor)
        return Response(shown(plan_named(slug)))

    @extend_schema(request=None, responses=PlanShown)
    @action(detail=True, methods=["post"])
    def offer(self, _request: Request, slug: str) -> Response:
        """Give a retired one again."""
        plans.offer(plan_named(slug), self.actor)
        return Response(shown(plan_named(slug)))


class QuotaShown(serializers.Serializer[Quota]):
    """A limit as it holds for the tenant, or (`account-`) for each account of it."""

    limit = serializers.ChoiceField([*Limit])
    value = serializers.IntegerField(allow_null=True)
    source = serializers.ChoiceField([*Source])  # type: ignore[assignment] # its own is an address
    used = serializers.IntegerField(allow_null=True)


class TenantPlanFields(serializers.Serializer[Tenant]):
    """A tenant's plan (null: none), and limits of its own, which are the whole table."""

    plan = serializers.SlugField(required=False, allow_null=True, max_length=50)
    limits = _Limits(required=False)


class TenantPlanShown(serializers.Serializer[Tenant]):
    """A tenant's plan, and all limits as they hold."""

    plan = serializers.SlugField(allow_null=True)
    limits = _Limits()
    grace_until = serializers.DateTimeField(allow_null=True)
    quotas = QuotaShown(many=True)


class _Figures(serializers.Serializer[TenantDay]):
    """Of a tenant: `active_accounts`, `writes`, `uploads` and `mails` in a time, the others at its
    end."""

    accounts = serializers.IntegerField()
    active_accounts = serializers.IntegerField()
    records = serializers.IntegerField()
    repo_bytes = serializers.IntegerField()
    blob_bytes = serializers.IntegerField()
    writes = serializers.IntegerField()
    uploads = serializers.IntegerField()
    mails = serializers.IntegerField()


class UsageDay(_Figures):
    """A tenant's figures of a day (UTC)."""

    day = serializers.DateField()


class UsageMonth(_Figures):
    """A tenant's figures of a closed month. `blob_byte_days`: the days' `blob_bytes` added up."""

    month = serializers.CharField()
    blob_byte_days = serializers.IntegerField()


class UsageOfAccount(serializers.Serializer[AccountDay]):
    """An account's figures of a day."""

    did = serializers.CharField()
    writes = serializers.IntegerField()
    uploads = serializers.IntegerField()
    records = serializers.IntegerField()
    repo_bytes = serializers.IntegerField()
    blob_bytes = serializers.IntegerField()


class TenantPlanViewSet(ApiViewSet):
    """What a tenant may use."""

    scopes = {
        "plan": Scope.USAGE_READ,
        "change_plan": Scope.PLANS_WRITE,
        "usage": Scope.USAGE_READ,
        "usage_months": Scope.USAGE_READ,
        "usage_accounts": Scope.USAGE_READ,
    }
    platform_only = frozenset({"change_plan"})

    @extend_schema(responses=TenantPlanShown)
    @action(detail=False, url_path="plan")
    def plan(self, _request: Request, slug: str) -> Response:
        """Its plan, its limits, and what is used of them, as counted some minutes ago."""
        return Response(of_tenant(self.tenant(slug)))

    @extend_schema(request=TenantPlanFields(partial=True), responses=TenantPlanShown)
    @plan.mapping.patch
    def change_plan(self, _request: Request, slug: str) -> Response:
        """Give it a plan, or limits of its own."""
        tenant, fields = self.tenant(slug), self.read(TenantPlanFields, is_partial=True)
        with transaction.atomic():  # a limit that is refused leaves the plan as it was
            if "plan" in fields:
                slug_of_plan = fields["plan"]
                plan = plan_named(slug_of_plan) if slug_of_plan else None
                plans.give(tenant, plan, self.actor)
            if "limits" in fields:
                given = whole_table(fields["limits"], tenant.limits)
                plans.set_limits(tenant, given, self.actor)
        return Response(of_tenant(self.tenant(slug)))

    @extend_schema(parameters=[_MONTH], responses=page_of(UsageDay))
    @action(detail=False, url_path="usage")
    def usage(self, request: Request, slug: str) -> Response:
        """The days of a month that were counted."""
        tenant, month = self.tenant(slug), _month(request)
        found = metering.days(tenant, month, metering.last_day_of(month))
        return Response({"items": [{"day": row.day, **metering.figures(row)} for row in found]})

    @extend_schema(responses=page_of(UsageMonth))
    @action(detail=False, url_path="usage/months")
    def usage_months(self, _request: Request, slug: str) -> Response:
        """Its closed months; they do not change any more."""
        found = metering.months(self.tenant(slug))
        return Response(
            {"items": [{"month": f"{row.month:%Y-%m}", **metering.figures(row)} for row in found]}
        )

    @extend_schema(parameters=[_DAY, *paged()], responses=page_of(UsageOfAccount))
    @action(detail=False, url_path="usage/accounts")
    def usage_accounts(self, request: Request, slug: str) -> Response:
        """The accounts that wrote or uploaded on a day, by their number."""
        limit, cursor = place_in(request)
        found = metering.accounts_of_day(self.tenant(slug), _day(request), cursor, limit)
        body: dict[str, Any] = {"items": [_of_account(row) for row in found]}
        if len(found) == limit:
            body["cursor"] = str(found[-1].account_id)
        return Response(body)

    def tenant(self, slug: str) -> Tenant:
        """One of the tenants that there are for this token. Raises NotFound."""
        found = self.tenants().select_related("plan", "usage").filter(slug=slug).first()
        if found is None:
            raise NotFound
        return found


def _month(request: Request) -> date:
    return usage.month_of(request.query_params.get("month", f"{quotas.today():%Y-%m}"))


def _day(request: Request) -> date:
    try:
        return date.fromisoformat(request.query_params.get("day", ""))
    except ValueError as fault:
        raise InvalidField("day", "A day is written 2026-11-30.") from fault


def _of_account(row: AccountDay) -> dict[str, Any]:
    return {"did": row.did} | {name: getattr(row, name) for name in metering.OF_ACCOUNT}


def plan_named(slug: str) -> Plan:
    """Raises NotFound."""
    plan = Plan.objects.filter(slug=slug).first()
    if plan is None:
        raise NotFound
    return plan


def whole_table(given: dict[str, object] | None, there: dict[str, Any]) -> dict[str, object]:
    """Limits as the verbs take them: what is there and not given is the default again."""
    return {} if given is None else {**dict.fromkeys(there, "default"), **given}


def shown(plan: Plan) -> dict[str, Any]:
    """A plan as the API shows it."""
    return {
        "slug": plan.slug,
        "name": plan.name,
        "grace_days": plan.grace_days,
        "limits": plan.limits,
        "retired_at": plan.retired_at,
        "created_at": plan.created_at,
    }


def of_tenant(tenant: Tenant) -> dict[str, Any]:
    """A tenant's plan and quotas as the API shows them."""
    used = {quota.limit: quota.used for quota in quotas.usage(tenant)}
    return {
        "plan": tenant.plan.slug if tenant.plan is not None else None,
        "limits": cast("dict[str, Any]", tenant.limits),
        "grace_until": tenant.grace_until,
        "quotas": [
            {"limit": q.limit, "value": q.value, "source": q.source, "used": used.get(q.limit)}
            for q in quotas.stated(tenant)
        ],
    }
