"""Labels of a tenant's labeler: list, put, take back."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from moderation.audit import REASON_MAX_CHARS
from moderation.labels import changes, labelers
from moderation.labels.changes import URI_MAX_CHARS, VALUE_MAX_CHARS
from moderation.models import Label, Labeler
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.errors import NotFound, ScopeMissing
from provider.api.tokens import Scope


class LabelShown(serializers.Serializer[Label]):
    """A label that holds."""

    uri = serializers.CharField()
    cid = serializers.CharField(allow_blank=True)
    val = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class LabelTaken(serializers.Serializer[Label]):
    """Which label, on what, and why."""

    uri = serializers.CharField(max_length=URI_MAX_CHARS)
    val = serializers.CharField(max_length=VALUE_MAX_CHARS)
    reason = serializers.CharField(max_length=REASON_MAX_CHARS)


class NewLabel(LabelTaken):
    """A label to put on a DID, or on a record by an at-URI with a DID."""

    cid = serializers.CharField(max_length=100, required=False)
    expires_at = serializers.DateTimeField(required=False)


class Changed(serializers.Serializer[Any]):
    """Whether that was news."""

    is_news = serializers.BooleanField()


class LabelViewSet(ApiViewSet):
    """Labels of a tenant's labeler."""

    scopes = {
        "list": Scope.LABELS_READ,
        "create": Scope.LABELS_WRITE,
        "negate": Scope.LABELS_WRITE,
    }
    tenant_only = frozenset({"create", "negate"})

    @extend_schema(
        parameters=[*paged(), OpenApiParameter("uri", str, description="a DID or an at-URI")],
        responses=page_of(LabelShown),
    )
    def list(self, request: Request, slug: str) -> Response:
        """Those that hold, the newest first; or those on one subject."""
        found = Label.objects.of(self._labeler(slug)).current().filter(is_negation=False)
        if uri := request.query_params.get("uri"):
            found = found.filter(uri=uri)
        return self.page(found, shown)

    @extend_schema(request=NewLabel, responses={201: Changed})
    def create(self, _request: Request, slug: str) -> Response:
        """Put a label. One that also takes its subject down needs the scope moderation:write."""
        labeler, asked = self._labeler(slug), self.read(NewLabel)
        self._check_hiding(labeler, asked["val"])
        is_news = changes.put(
            labeler,
            asked["uri"],
            asked["val"],
            actor=self.actor,
            reason=asked["reason"],
            cid=asked.get("cid", ""),
            expires_at=asked.get("expires_at"),
        )
        return Response({"is_news": is_news}, status.HTTP_201_CREATED)

    @extend_schema(request=LabelTaken, responses=Changed)
    @action(detail=False, methods=["post"], url_path="negate")
    def negate(self, _request: Request, slug: str) -> Response:
        """Take a label back."""
        labeler, asked = self._labeler(slug), self.read(LabelTaken)
        self._check_hiding(labeler, asked["val"])
        is_news = changes.negate(
            labeler, asked["uri"], asked["val"], actor=self.actor, reason=asked["reason"]
        )
        return Response({"is_news": is_news})

    def _check_hiding(self, labeler: Labeler, val: str) -> None:
        if val in labeler.hides and Scope.MODERATION_WRITE not in self.token.scopes:
            raise ScopeMissing(Scope.MODERATION_WRITE)

    def _labeler(self, slug: str) -> Labeler:
        labeler = labelers.of_tenant(self.tenant(slug).pk)
        if labeler is None:
            raise NotFound
        return labeler


def shown(label: Label) -> dict[str, Any]:
    """A label as the API shows it."""
    return {
        "uri": label.uri,
        "cid": label.cid,
        "val": label.val,
        "created_at": label.labelled_at,
        "expires_at": label.expires_at,
    }
