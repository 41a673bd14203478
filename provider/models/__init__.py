"""Tables of the provider: API tokens, webhooks, long work, drafts of tenants, relays."""

from provider.models.drafts import TenantDraft
from provider.models.host_names import HostName
from provider.models.jobs import Job, JobRemainder
from provider.models.platform_log import PlatformEntry
from provider.models.relays import RelayStanding
from provider.models.status import Component, Incident, StatusFigure, Working
from provider.models.tokens import ApiToken, IdempotentRequest
from provider.models.webhooks import Webhook, WebhookDelivery, WebhookReader

__all__ = [
    "ApiToken",
    "Component",
    "HostName",
    "IdempotentRequest",
    "Incident",
    "Job",
    "JobRemainder",
    "PlatformEntry",
    "RelayStanding",
    "StatusFigure",
    "TenantDraft",
    "Webhook",
    "WebhookDelivery",
    "WebhookReader",
    "Working",
]
