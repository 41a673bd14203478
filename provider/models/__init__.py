"""Tables of the provider: tokens of the REST API, webhooks, long work, drafts of tenants."""

from provider.models.drafts import TenantDraft
from provider.models.jobs import Job
from provider.models.tokens import ApiToken, IdempotentRequest
from provider.models.webhooks import Webhook, WebhookDelivery

__all__ = ["ApiToken", "IdempotentRequest", "Job", "TenantDraft", "Webhook", "WebhookDelivery"]
