"""Tenants: list, show, make, change, suspend, resume, export, remove."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hosting.models import Tenant
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.errors import OnlyPlatform
from provider.api.resources.jobs import JobShown, accepted
from provider.api.tokens import Scope
from provider.tenancy import deletion, suspensions, tenants
from provider.tenant_archive import jobs
from provider.tenant_archive.exporting import Receiver


class TenantFields(serializers.Serializer[Tenant]):
    """What may be set."""

    name = serializers.CharField(max_length=100)
    primary_colour = serializers.RegexField(r"^#[0-9a-f]{6}$", required=False)
    support_email = serializers.EmailField(required=False, allow_blank=True)
    privacy_policy_url = serializers.URLField(required=False, allow_blank=True, max_length=200)
    terms_of_service_url = serializers.URLField(required=False, allow_blank=True, max_length=200)
    operator = serializers.CharField(required=False, allow_blank=True, max_length=200)
    country = serializers.RegexField(r"^([A-Z]{2})?$", required=False, allow_blank=True)
    moderation_email = serializers.EmailField(required=False, allow_blank=True)
    backups = serializers.CharField(required=False, allow_blank=True, max_length=500)
    exit_promise = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    moved_copy_kept_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=7, max_value=36_500
    )
    wants_second_factors = serializers.BooleanField(required=False)


class NewTenant(TenantFields):
    """A tenant to be made."""

    slug = serializers.SlugField(max_length=50)


class TenantShown(NewTenant):
    """A tenant."""

    hosts = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    suspended_at = serializers.DateTimeField(allow_null=True)
    suspension_reason = serializers.CharField()


class Suspension(serializers.Serializer[Tenant]):
    """Why a tenant is suspended; its people are shown it."""

    reason = serializers.CharField(max_length=suspensions.REASON_MAX_CHARS)


class Export(serializers.Serializer[Tenant]):
    """Who opens the archive's secrets: whoever knows a passphrase, or has the private half of
    `receiver_key`. `backup`: of a tenant that goes on. `leave_holds`: legal holds stay here."""

    passphrase = serializers.CharField(
        required=False, default="", max_length=1_000, trim_whitespace=False
    )
    receiver_key = serializers.CharField(required=False, default="", max_length=200)
    backup = serializers.BooleanField(required=False, default=False)
    leave_holds = serializers.BooleanField(required=False, default=False)


class TenantViewSet(ApiViewSet):
    """Tenants: the provider's customers."""

    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,50}"
    scopes = {
        "list": Scope.TENANTS_READ,
        "retrieve": Scope.TENANTS_READ,
        "create": Scope.TENANTS_WRITE,
        "partial_update": Scope.TENANTS_WRITE,
        "destroy": Scope.TENANTS_WRITE,
        "suspend": Scope.TENANTS_WRITE,
        "resume": Scope.TENANTS_WRITE,
        "export": Scope.TENANTS_EXPORT,
    }
    platform_only = frozenset({"create", "destroy", "suspend", "resume"})

    @extend_schema(parameters=paged(), responses=page_of(TenantShown))
    def list(self, _request: Request) -> Response:
        """All tenants, the newest first."""
        return self.page(self.tenants().prefetch_related("hosts"), shown)

    @extend_schema(responses=TenantShown)
    def retrieve(self, _request: Request, slug: str) -> Response:
        """One tenant."""
        return Response(shown(self.tenant(slug)))

    @extend_schema(request=NewTenant, responses={201: TenantShown})
    def create(self, _request: Request) -> Response:
        """Make a tenant; it has no host yet."""
        fields = self.read(NewTenant)
        tenant = tenants.create(fields.pop("slug"), fields, self.actor)
        return Response(shown(tenant), status.HTTP_201_CREATED)

    @extend_schema(request=TenantFields(partial=True), responses=TenantShown)
    def partial_update(self, _request: Request, slug: str) -> Response:
        """Change what is given, leave the rest."""
        tenant = self.tenant(slug)
        tenants.change(tenant, self.read(TenantFields, is_partial=True), self.actor)
        return Response(shown(tenant))

    @extend_schema(request=Suspension, responses=TenantShown)
    @action(detail=True, methods=["post"])
    def suspend(self, _request: Request, slug: str) -> Response:
        """Serve nobody at its hosts until it is resumed; its people may take their data and go."""
        reason = self.read(Suspension)["reason"]
        return Response(shown(suspensions.suspend(self.tenant(slug), self.actor, reason=reason)))

    @extend_schema(request=None, responses=TenantShown)
    @action(detail=True, methods=["post"])
    def resume(self, _request: Request, slug: str) -> Response:
        """End a suspension: every account is what it was."""
        return Response(shown(suspensions.resume(self.tenant(slug), self.actor)))

    @extend_schema(request=Export, responses={202: JobShown})
    @action(detail=True, methods=["post"])
    def export(self, _request: Request, slug: str) -> Response:
        """Write all that is the tenant's to one archive, which the job's result names. Holds are
        the provider's to leave."""
        asked = self.read(Export)
        if asked["leave_holds"] and self.token.tenant_id is not None:
            raise OnlyPlatform
        return accepted(
            jobs.begin_export(
                self.tenant(slug),
                self.actor,
                Receiver(asked["passphrase"], asked["receiver_key"]),
                is_backup=asked["backup"],
                leaves_holds=asked["leave_holds"],
            )
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("confirm", str, description="its short name: with all its accounts"),
            OpenApiParameter("without_export", bool, description="nobody needs its data"),
        ],
        responses={202: JobShown, 204: None},
    )
    def destroy(self, request: Request, slug: str) -> Response:
        """Remove a tenant that has no hosts; with `confirm` a suspended one with all it has."""
        tenant, asked = self.tenant(slug), request.query_params
        if confirm := asked.get("confirm"):
            is_unexported = asked.get("without_export") == "true"
            return accepted(
                deletion.begin(tenant, self.actor, confirm=confirm, is_unexported=is_unexported)
            )
        tenants.delete(tenant, self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def shown(tenant: Tenant) -> dict[str, Any]:
    """A tenant as the API shows it."""
    return {
        "slug": tenant.slug,
        **{field: getattr(tenant, field) for field in tenants.FIELDS},
        "hosts": [host.hostname for host in tenant.hosts.all()],
        "created_at": tenant.created_at,
        "suspended_at": tenant.suspended_at,
        "suspension_reason": tenant.suspension_reason,
    }
