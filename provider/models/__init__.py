"""Tables of the provider: API tokens, webhooks, long work, drafts of tenants, relays."""

from provider.models.drafts import TenantDraft
from provider.models.jobs import Job
from provider.models.relays import RelayStanding
from provider.models.tokens import ApiToken, IdempotentRequest
from provider.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "ApiToken",
    "IdempotentRequest",
    "Job",
    "RelayStanding",
    "TenantDraft",
    "Webhook",
    "WebhookDelivery",
]
