"""Webhooks: addresses, their secrets, what each was told."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from provider.api.base import ApiViewSet, page_of, paged
from provider.api.errors import NotFound
from provider.api.tokens import Scope
from provider.models import Webhook, WebhookDelivery
from provider.tenancy import tenant_log
from provider.webhooks import addresses
from provider.webhooks.events import Event


class WebhookFields(serializers.Serializer[Webhook]):
    """An address and the events that it wants; none: all of them."""

    url = serializers.URLField(max_length=2000)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=[*map(str, Event)]), max_length=50, required=False
    )
    collections = serializers.ListField(
        child=serializers.CharField(max_length=320),
        max_length=100,
        required=False,
        help_text="whose records are told, too: app.bsky.feed.post, app.bsky.feed.*",
    )
    has_addresses = serializers.BooleanField(required=False)
    is_enabled = serializers.BooleanField(required=False)


class WebhookShown(WebhookFields):
    """A webhook. `secret` is there once: when it was made, or made anew."""

    id = serializers.IntegerField()
    secret = serializers.CharField(required=False)
    failing_since = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class DeliveryShown(serializers.Serializer[WebhookDelivery]):
    """One event, told or to be told."""

    id = serializers.IntegerField()
    message_id = serializers.CharField()
    event = serializers.CharField()
    state = serializers.ChoiceField(choices=[*map(str, WebhookDelivery.State)])
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField(allow_blank=True)
    body = serializers.CharField()
    created_at = serializers.DateTimeField()


class Span(serializers.Serializer[Any]):
    """From when to when."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class Replayed(serializers.Serializer[Any]):
    """How many events are told again."""

    count = serializers.IntegerField()


class WebhookViewSet(ApiViewSet):
    """Addresses that are told what happens."""

    lookup_field = "webhook_id"
    lookup_value_regex = "[0-9]{1,18}"
    scopes = {
        "list": Scope.WEBHOOKS_READ,
        "retrieve": Scope.WEBHOOKS_READ,
        "deliveries": Scope.WEBHOOKS_READ,
        "create": Scope.WEBHOOKS_WRITE,
        "partial_update": Scope.WEBHOOKS_WRITE,
        "destroy": Scope.WEBHOOKS_WRITE,
        "rotate": Scope.WEBHOOKS_WRITE,
        "replay": Scope.WEBHOOKS_WRITE,
        "replay_one": Scope.WEBHOOKS_WRITE,
    }

    @extend_schema(parameters=paged(), responses=page_of(WebhookShown))
    def list(self, _request: Request) -> Response:
        """The token's own: a tenant's, or the platform's."""
        return self.page(self._own(), shown)

    @extend_schema(responses=WebhookShown)
    def retrieve(self, _request: Request, webhook_id: str) -> Response:
        """One of them."""
        return Response(shown(self._webhook(webhook_id)))

    @extend_schema(request=WebhookFields, responses={201: WebhookShown})
    def create(self, _request: Request) -> Response:
        """Add an address; the answer has its secret, once."""
        asked = self.read(WebhookFields)
        asked.pop("is_enabled", None)
        with transaction.atomic():
            webhook, secret = addresses.create(
                self.token.tenant, asked.pop("url"), asked.pop("events", []), **asked
            )
            self._note(webhook, "added")
        return Response({**shown(webhook), "secret": secret}, status.HTTP_201_CREATED)

    @extend_schema(request=WebhookFields(partial=True), responses=WebhookShown)
    def partial_update(self, _request: Request, webhook_id: str) -> Response:
        """Change what is given; `is_enabled` also takes up one that was disabled."""
        webhook, asked = self._webhook(webhook_id), self.read(WebhookFields, is_partial=True)
        with transaction.atomic():
            addresses.change(webhook, **asked)
            self._note(webhook, f"changed {', '.join(sorted(asked))}")
        return Response(shown(webhook))

    @extend_schema(responses={204: None})
    def destroy(self, _request: Request, webhook_id: str) -> Response:
        """Remove it, with what it was told."""
        webhook = self._webhook(webhook_id)
        with transaction.atomic():
            self._note(webhook, "removed")
            webhook.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=WebhookShown)
    @action(detail=True, methods=["post"], url_path="rotate")
    def rotate(self, _request: Request, webhook_id: str) -> Response:
        """Another secret; for a day both sign."""
        webhook = self._webhook(webhook_id)
        with transaction.atomic():
            secret = addresses.rotate(webhook)
            self._note(webhook, "another secret")
        return Response({**shown(webhook), "secret": secret})

    @extend_schema(request=Span, responses={202: Replayed})
    @action(detail=True, methods=["post"], url_path="replay")
    def replay(self, _request: Request, webhook_id: str) -> Response:
        """Tell again what happened between two moments."""
        asked = self.read(Span)
        count = addresses.replay(self._webhook(webhook_id), asked["since"], asked["until"])
        return Response({"count": count}, status.HTTP_202_ACCEPTED)

    @extend_schema(parameters=paged(), responses=page_of(DeliveryShown))
    @action(detail=True, methods=["get"], url_path="deliveries")
    def deliveries(self, _request: Request, webhook_id: str) -> Response:
        """What it was told, the newest first."""
        found = WebhookDelivery.objects.filter(webhook=self._webhook(webhook_id))
        return self.page(found, delivery_shown)

    @extend_schema(request=None, responses={202: Replayed})
    @action(
        detail=True,
        methods=["post"],
        url_path=r"deliveries/(?P<delivery_id>[0-9]{1,18})/replay",
    )
    def replay_one(self, _request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Tell one event again; none, when it waits anyhow."""
        found = self._webhook(webhook_id).deliveries.filter(pk=int(delivery_id)).first()
        if found is None:
            raise NotFound
        count = addresses.replay_one(found)
        return Response({"count": count}, status.HTTP_202_ACCEPTED)

    def _note(self, webhook: Webhook, what: str) -> None:
        tenant_log.note_webhook(self.actor, webhook, what)

    def _own(self) -> QuerySet[Webhook]:
        return Webhook.objects.filter(tenant=self.token.tenant)

    def _webhook(self, webhook_id: str) -> Webhook:
        webhook = self._own().filter(pk=int(webhook_id)).first()
        if webhook is None:
            raise NotFound
        return webhook


def shown(webhook: Webhook) -> dict[str, Any]:
    """A webhook as the API shows it."""
    return {
        "id": webhook.pk,
        "url": webhook.url,
        "events": webhook.events,
        "collections": webhook.collections,
        "has_addresses": webhook.has_addresses,
        "is_enabled": webhook.disabled_at is None,
        "failing_since": webhook.failing_since,
        "created_at": webhook.created_at,
    }


def delivery_shown(delivery: WebhookDelivery) -> dict[str, Any]:
    """A delivery as the API shows it."""
    return {
        "id": delivery.pk,
        "message_id": delivery.message_id,
        "event": delivery.event,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "last_error": delivery.last_error,
        "body": delivery.body,
        "created_at": delivery.created_at,
    }
