"""Archives of tenants: made by a job, sent and received as they are, made a tenant again."""

import io
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import IO, Any

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hosting.models import Tenant
from moderation.audit import Actor
from protocol.errors import XrpcError
from provider.api import errors
from provider.api.base import ApiViewSet
from provider.api.errors import NotFound
from provider.api.resources.jobs import JobShown, accepted
from provider.api.tokens import Scope
from provider.tenant_archive import jobs, kept_files
from provider.tenant_archive.kept_files import KeptArchive
from server.web.deferred_response import deferred
from server.web.uploads import Upload, is_still_arriving


class ArchiveShown(serializers.Serializer[KeptArchive]):
    """An archive that is kept here for some days (GROVE_ARCHIVE_DAYS)."""

    id = serializers.CharField()
    tenant = serializers.CharField()
    hosts = serializers.ListField(child=serializers.CharField())
    size_bytes = serializers.IntegerField()
    made_at = serializers.CharField()
    kept_until = serializers.DateTimeField()


class Archives(serializers.Serializer[KeptArchive]):
    """All of them."""

    items = ArchiveShown(many=True)


class Opening(serializers.Serializer[KeptArchive]):
    """What opens an archive: one of the two. `dry_run`: only look what is in the way."""

    passphrase = serializers.CharField(
        required=False, default="", max_length=1_000, trim_whitespace=False
    )
    private_key = serializers.CharField(required=False, default="", max_length=200)
    dry_run = serializers.BooleanField(required=False, default=False)


class ArchiveViewSet(ApiViewSet):
    """Archives of tenants. A tenant's token sees those that an export of the tenant made."""

    lookup_field = "archive_id"
    lookup_value_regex = kept_files.ID
    scopes = {
        "list": Scope.TENANTS_EXPORT,
        "retrieve": Scope.TENANTS_EXPORT,
        "file": Scope.TENANTS_EXPORT,
        "create": Scope.TENANTS_WRITE,
        "make": Scope.TENANTS_WRITE,
        "destroy": Scope.TENANTS_WRITE,
    }
    platform_only = frozenset({"create", "make", "destroy"})
    takes_files = frozenset({"create"})

    @extend_schema(responses=Archives)
    def list(self, _request: Request) -> Response:
        """All that are kept, the newest first."""
        tenant_id = self.token.tenant_id
        found = kept_files.listed() if tenant_id is None else jobs.archives_of(tenant_id)
        return Response({"items": [asdict(each) for each in found]})

    @extend_schema(responses=ArchiveShown)
    def retrieve(self, _request: Request, archive_id: str) -> Response:
        """One of them."""
        self._tenant_of(archive_id)
        return Response(asdict(kept_files.find(archive_id)))

    @extend_schema(responses={(200, kept_files.MEDIA_TYPE): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], url_path="file")
    def file(self, request: Request, archive_id: str) -> HttpResponseBase:
        """Its bytes, from wherever a download broke off (`Range`); on the record."""
        tenant = self._tenant_of(archive_id)
        answer = kept_files.answer(request._request, archive_id)
        jobs.note(self.actor, tenant, archive_id, "downloaded")
        return answer

    @extend_schema(
        request={kept_files.MEDIA_TYPE: OpenApiTypes.BINARY}, responses={201: ArchiveShown}
    )
    def create(self, request: Request) -> HttpResponseBase:
        """Receive one: the body is the file; on the record."""
        asked, taken = request._request, partial(_taken, self.actor)
        if is_still_arriving(asked.META):
            return deferred(Upload(kept_files.MAX_BYTES, taken, _refused))
        return taken(io.BytesIO(asked.read()))

    @extend_schema(request=Opening, responses={202: JobShown})
    @action(detail=True, methods=["post"], url_path="import")
    def make(self, _request: Request, archive_id: str) -> Response:
        """Make its tenant here, suspended as it was: all of it or nothing."""
        asked = self.read(Opening)
        return accepted(
            jobs.begin_import(
                self.actor,
                archive_id,
                passphrase=asked["passphrase"],
                private_key=asked["private_key"],
                is_dry_run=asked["dry_run"],
            )
        )

    @extend_schema(responses={204: None})
    def destroy(self, _request: Request, archive_id: str) -> Response:
        """Remove one before its time; on the record."""
        tenant = self._tenant_of(archive_id)
        kept_files.remove(archive_id)
        jobs.note(self.actor, tenant, archive_id, "removed")
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _tenant_of(self, archive_id: str) -> Tenant | None:
        """The tenant whose export made it, if any. Raises NotFound for a tenant's token that asks
        for what is not the tenant's."""
        own = self.token.tenant_id
        tenant = jobs.made_for(archive_id, own)
        if own is not None and tenant is None:
            raise NotFound
        return tenant


def _taken(by: Actor, file: IO[bytes]) -> HttpResponse:
    return _said(lambda: asdict(jobs.receive(by, file)))


def _refused(refusal: XrpcError) -> HttpResponse:
    answer = errors.answer(refusal, None)
    assert answer is not None  # noqa: S101 - an XrpcError has one
    return JsonResponse(answer.data, status=answer.status_code)


def _said(verb: Callable[[], dict[str, Any]]) -> HttpResponse:
    """The event loop finishes it, where REST framework renders nothing any more."""
    try:
        return JsonResponse(verb(), status=HTTPStatus.CREATED)
    except XrpcError as refusal:
        return _refused(refusal)
