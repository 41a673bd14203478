"""The audit log: who did what, when and why."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from moderation.models import AuditEntry
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.tokens import Scope


class EntryShown(serializers.Serializer[AuditEntry]):
    """One action of one actor."""

    id = serializers.IntegerField()
    host = serializers.CharField()
    actor = serializers.CharField()
    action = serializers.CharField()
    did = serializers.CharField(allow_blank=True)
    handle = serializers.CharField(allow_blank=True)
    record = serializers.CharField(allow_blank=True)
    cid = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class AuditViewSet(ApiViewSet):
    """The audit log of all hosts that the token is for."""

    scopes = {"list": Scope.AUDIT_READ}

    @extend_schema(
        parameters=[*paged(), OpenApiParameter("host", str), OpenApiParameter("did", str)],
        responses=page_of(EntryShown),
    )
    def list(self, request: Request) -> Response:
        """Entries, the newest first; of one host, or about one DID."""
        hosts = self.hosts()
        if name := request.query_params.get("host"):
            hosts = hosts.filter(pk=self.host(name).pk)
        found = AuditEntry.objects.of(hosts).select_related("host", "staff")
        if did := request.query_params.get("did"):
            found = found.about(did)
        return self.page(found, shown)


def shown(entry: AuditEntry) -> dict[str, Any]:
    """An entry as the API shows it."""
    return {
        "id": entry.pk,
        "host": entry.host.hostname,
        "actor": entry.who,
        "action": entry.action,
        "did": entry.subject_did,
        "handle": entry.subject_handle,
        "record": entry.subject_record,
        "cid": entry.subject_cid,
        "reason": entry.reason,
        "created_at": entry.created_at,
    }
