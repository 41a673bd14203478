"""Long work."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0006_staff_access"),
        ("provider", "0002_webhooks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
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
                ("kind", models.CharField(max_length=60)),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("given", models.JSONField(default=dict)),
                ("place", models.JSONField(default=dict)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Under way"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="waiting",
                        verbose_name="status",
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=200)),
                ("done_count", models.PositiveBigIntegerField(default=0)),
                ("total_count", models.PositiveBigIntegerField(null=True)),
                ("result", models.JSONField(null=True)),
                (
                    "staff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "provider_job",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["next_attempt_at"],
                        name="provider_job_due",
                    ),
                    models.Index(fields=["tenant", "id"], name="provider_job_by_tenant"),
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
                        name="provider_job_is_open_or_decided",
                    )
                ],
            },
        ),
        run_sql_file("provider", "provider_job_moves"),
    ]
