"""Webhooks, and what they were told."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_leased_jobs"),
        ("hosting", "0004_triage"),
        ("provider", "0001_api_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.URLField(max_length=2000)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None
                    ),
                ),
                ("has_addresses", models.BooleanField(default=False)),
                ("secret", models.BinaryField()),
                ("old_secret", models.BinaryField(blank=True, default=b"")),
                ("old_secret_ends_at", models.DateTimeField(blank=True, null=True)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "webhook",
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_error", models.TextField(blank=True, default="", verbose_name="last error")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=60)),
                ("event", models.CharField(max_length=40)),
                ("body", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Queued"),
                            ("running", "Being sent"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="provider.webhook",
                    ),
                ),
            ],
            options={
                "db_table": "webhook_delivery",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["next_attempt_at"],
                        name="webhook_delivery_due",
                    ),
                    models.Index(fields=["webhook", "id"], name="webhook_delivery_by_webhook"),
                    models.Index(fields=["created_at"], name="webhook_delivery_by_age"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["waiting", "running"]), ("decided_at__isnull", True)
                            ),
                            models.Q(
                                models.Q(("state__in", ["waiting", "running"]), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="webhook_delivery_is_open_or_decided",
                    )
                ],
            },
        ),
        run_sql_file("provider", "webhook_delivery_moves"),
    ]
