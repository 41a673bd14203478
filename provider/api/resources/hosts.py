"""Hosts and their handle domains: list, show, make, set, check, remove."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hosting.models import HandleDomain, Host
from provider.api.base import CHECKS, HOSTNAME, ApiViewSet, page_of, paged
from provider.api.errors import NotFound
from provider.api.resources.jobs import JobShown, accepted
from provider.api.tokens import Scope
from provider.tenancy import (
    domain_checks,
    domains,
    host_checks,
    host_renames,
    host_settings,
    hosts,
    tenants,
)
from provider.tenancy.host_checks import host_names

_HOSTNAME_MAX = 253


class SettingValue(serializers.Serializer[Any]):
    """What a setting is, and whether the host, its tenant or the platform says so."""

    value = serializers.JSONField()
    source = serializers.ChoiceField(choices=[*host_settings.Source])  # type: ignore[assignment]


class NewHost(serializers.Serializer[Host]):
    """A host to be made."""

    hostname = serializers.CharField(max_length=_HOSTNAME_MAX)
    tenant = serializers.SlugField()
    domains = serializers.ListField(
        child=serializers.CharField(max_length=_HOSTNAME_MAX), max_length=100, default=list
    )
    settings = serializers.DictField(required=False)


class HostSettings(serializers.Serializer[Host]):
    """Settings to be changed, by name; an empty text or null leaves one to the platform."""

    settings = serializers.DictField()


class HostShown(serializers.Serializer[Host]):
    """A host."""

    hostname = serializers.CharField()
    tenant = serializers.CharField()
    other_hostname = serializers.CharField(allow_null=True)
    origin = serializers.CharField()
    service_did = serializers.CharField()
    domains = serializers.ListField(child=serializers.CharField())
    settings = serializers.DictField(child=SettingValue())
    warnings = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class NewName(serializers.Serializer[Host]):
    """Another name for a host."""

    to = serializers.CharField(max_length=_HOSTNAME_MAX)
    is_dry_run = serializers.BooleanField(default=False)


class DroppedName(serializers.Serializer[Host]):
    """How a host's second name is dropped."""

    is_forced = serializers.BooleanField(default=False)


class MovePrepared(serializers.Serializer[Host]):
    """What a move would do. `foreign`: the first of those that only their owners can move."""

    hostname = serializers.CharField()
    accounts_count = serializers.IntegerField()
    foreign_count = serializers.IntegerField()
    foreign = serializers.ListField(child=serializers.CharField())
    minutes = serializers.IntegerField()


class NewDomain(serializers.Serializer[HandleDomain]):
    """A handle domain."""

    domain = serializers.CharField(max_length=_HOSTNAME_MAX)


class CheckShown(serializers.Serializer[Any]):
    """One check of a domain."""

    check = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[*domain_checks.Verdict])
    message = serializers.CharField()


class HostViewSet(ApiViewSet):
    """Hosts: one PDS host name each."""

    lookup_field = "hostname"
    lookup_value_regex = HOSTNAME
    scopes = {
        "list": Scope.HOSTS_READ,
        "retrieve": Scope.HOSTS_READ,
        "create": Scope.HOSTS_WRITE,
        "partial_update": Scope.HOSTS_WRITE,
        "destroy": Scope.HOSTS_WRITE,
        "check": Scope.HOSTS_READ,
        "move_accounts": Scope.HOSTS_WRITE,
        "drop_name": Scope.HOSTS_WRITE,
    }
    platform_only = frozenset({"create", "partial_update", "destroy", "move_accounts", "drop_name"})

    @extend_schema(parameters=paged(), responses=page_of(HostShown))
    def list(self, _request: Request) -> Response:
        """All hosts, the newest first."""
        return self.page(self.hosts().prefetch_related("handle_domains"), shown)

    @extend_schema(responses=HostShown)
    def retrieve(self, _request: Request, hostname: str) -> Response:
        """One host."""
        return Response(shown(self.host(hostname)))

    @extend_schema(request=NewHost, responses={201: HostShown})
    def create(self, _request: Request) -> Response:
        """Make a host of a tenant, with its domains and settings, or nothing of it."""
        asked = self.read(NewHost)
        with transaction.atomic():
            tenant = tenants.named(asked["tenant"])
            host = hosts.create(tenant, asked["hostname"], asked["domains"], self.actor)
            host_settings.change(host, asked.get("settings", {}))
        return Response(shown(host), status.HTTP_201_CREATED)

    @extend_schema(request=HostSettings, responses=HostShown)
    def partial_update(self, _request: Request, hostname: str) -> Response:
        """Change the settings that are given, all or none."""
        host = self.host(hostname)
        host_settings.change(host, self.read(HostSettings)["settings"], by=self.actor)
        return Response(shown(host))

    @extend_schema(responses={204: None})
    def destroy(self, _request: Request, hostname: str) -> Response:
        """Remove a host that nobody ever used."""
        hosts.remove(self.host(hostname), self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=page_of(CheckShown))
    @action(detail=True, methods=["post"], url_path="check")
    def check(self, _request: Request, hostname: str) -> Response:
        """Whether its name is proved, has a certificate, and leads here; some seconds."""
        host = self.host(hostname)
        self.spend(CHECKS)
        found = host_names.check(host)
        return Response({"items": [check_shown(each) for each in found]})

    @extend_schema(request=NewName, responses={200: MovePrepared, 202: JobShown})
    @action(detail=True, methods=["post"], url_path="move-accounts")
    def move_accounts(self, _request: Request, hostname: str) -> Response:
        """Give it another name, and move the DIDs of its accounts to it; `is_dry_run` says what
        that would do."""
        asked, host = self.read(NewName), self.host(hostname)
        if asked["is_dry_run"]:
            return Response(asdict(host_renames.prepare(host, asked["to"])))
        return accepted(host_renames.begin(host, asked["to"], self.actor))

    @extend_schema(request=DroppedName, responses=HostShown)
    @action(detail=True, methods=["post"], url_path="drop-name")
    def drop_name(self, _request: Request, hostname: str) -> Response:
        """Have it answer under its own name alone; `is_forced`: though DIDs name the other one."""
        host = self.host(hostname)
        is_forced = self.read(DroppedName)["is_forced"]
        host_renames.drop_name(host, self.actor, is_forced=is_forced)
        return Response(shown(self.hosts().get(pk=host.pk)))


class DomainViewSet(ApiViewSet):
    """The domains under which a host gives out handles."""

    lookup_field = "domain"
    lookup_value_regex = HOSTNAME
    scopes = {
        "list": Scope.HOSTS_READ,
        "create": Scope.HOSTS_WRITE,
        "destroy": Scope.HOSTS_WRITE,
        "check": Scope.HOSTS_READ,
    }
    platform_only = frozenset({"create", "destroy"})

    @extend_schema(responses=page_of(NewDomain))
    def list(self, _request: Request, hostname: str) -> Response:
        """In the order in which people are offered them."""
        found = self.host(hostname).handle_domains.all()
        return Response({"items": [{"domain": each.name} for each in found]})

    @extend_schema(request=NewDomain, responses={201: NewDomain})
    def create(self, _request: Request, hostname: str) -> Response:
        """Give the host one more."""
        domain = domains.add(self.host(hostname), self.read(NewDomain)["domain"], by=self.actor)
        return Response({"domain": domain.name}, status.HTTP_201_CREATED)

    @extend_schema(parameters=[OpenApiParameter("force", bool)], responses={204: None})
    def destroy(self, request: Request, hostname: str, domain: str) -> Response:
        """Take a domain away; `force` also one in use, whose people are asked for a handle."""
        is_forced = request.query_params.get("force") == "true"
        domains.remove(self._domain(hostname, domain), by=self.actor, is_forced=is_forced)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=page_of(CheckShown))
    @action(detail=True, methods=["get"], url_path="check")
    def check(self, _request: Request, hostname: str, domain: str) -> Response:
        """What DNS, TLS and HTTPS say; it may take some seconds."""
        found = self._domain(hostname, domain)
        self.spend(CHECKS)
        checked = domain_checks.check(found)
        return Response({"items": [check_shown(each) for each in checked]})

    def _domain(self, hostname: str, name: str) -> HandleDomain:
        found = self.host(hostname).handle_domains.filter(name="." + name.lower().strip("."))
        domain = found.select_related("host__tenant").first()
        if domain is None:
            raise NotFound
        return domain


def check_shown(result: domain_checks.Result) -> dict[str, str]:
    """One check as the API shows it."""
    verdict = str(result.verdict)
    return {"check": result.subject, "verdict": verdict, "message": result.sentence}


def shown(host: Host) -> dict[str, Any]:
    """A host as the API shows it."""
    return {
        "hostname": host.hostname,
        "tenant": host.tenant.slug,
        "other_hostname": host.other_hostname,
        "origin": host.origin,
        "service_did": host.service_did,
        "domains": [domain.name for domain in host.handle_domains.all()],
        "settings": {
            each.setting.name: {"value": each.value, "source": str(each.source)}
            for each in host_settings.current(host)
        },
        "warnings": [said] if (said := host_checks.same_site_said(host)) else [],
        "created_at": host.created_at,
    }
