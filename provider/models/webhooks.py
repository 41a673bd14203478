"""Webhooks: addresses that are told what happens, and what each was told."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Tenant
from server.jobs.leased_job import LeasedJob, LeasedJobQuerySet, due_index, open_or_decided


class Webhook(models.Model):
    """An address of a tenant's, or (no tenant) of the platform's, and the events it wants."""

    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.URLField(max_length=2000)
    events = ArrayField(models.CharField(max_length=40))  # provider.webhooks.events; empty: all
    # Whose records are told, too: app.bsky.feed.post, app.bsky.feed.*
    collections = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    record_position = models.BigIntegerField(default=0)  # of the firehose: nothing up to here
    # It is read for by itself, from that position on, until it is where all others are
    is_behind = models.BooleanField(default=False, db_default=False)
    has_addresses = models.BooleanField(default=False)  # e-mail addresses are part of what is said
    secret = models.BinaryField()  # wrapped
    old_secret = models.BinaryField(default=b"", blank=True)  # wrapped; signs, too, until it goes
    old_secret_ends_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "webhook"
        indexes = [
            models.Index(
                fields=["record_position"], condition=Q(is_behind=True), name="webhook_behind"
            ),
            models.Index(
                fields=["tenant"],
                condition=~Q(collections=[]) & Q(is_behind=False),
                name="webhook_reading",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookReader(models.Model):
    """How far the firehose was read for all webhooks that are not behind: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField()

    class Meta:
        db_table = "webhook_reader"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="webhook_reader_is_one")]


class WebhookDelivery(LeasedJob):
    """One event, to be told to one address."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Queued")
        RUNNING = "running", _("Being sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    message_id = models.CharField(max_length=60)  # `webhook-id`: the same when it is sent again
    event = models.CharField(max_length=40)
    body = models.TextField()  # JSON, as it is signed
    state = models.TextField(choices=State.choices, default=State.WAITING)
    status = models.PositiveSmallIntegerField(null=True)  # of the last answer

    objects: ClassVar[LeasedJobQuerySet["WebhookDelivery"]] = LeasedJobQuerySet.as_manager()  # type: ignore

    class Meta:
        db_table = "webhook_delivery"
        constraints = [open_or_decided("webhook_delivery")]
        indexes = [
            due_index("webhook_delivery"),
            models.Index(fields=["webhook", "id"], name="webhook_delivery_by_webhook"),
            models.Index(fields=["created_at"], name="webhook_delivery_by_age"),
            models.Index(
                fields=["webhook"], condition=Q(state="running"), name="webhook_delivery_running"
            ),
        ]
