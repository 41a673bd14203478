"""Tables of the provider: tokens of the REST API, webhooks."""

from provider.models.tokens import ApiToken, IdempotentRequest
from provider.models.webhooks import Webhook, WebhookDelivery

__all__ = ["ApiToken", "IdempotentRequest", "Webhook", "WebhookDelivery"]
