"""Figures and incidents of the status page."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0007_suspension"),
        ("provider", "0007_webhook_collections"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("api", "Apps and pages"),
                            ("firehose", "New posts reaching others"),
                            ("mail", "E-mail"),
                            ("plc", "Sign-ups and new handles"),
                            ("relays", "Relays"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "working",
                    models.CharField(
                        choices=[("up", "Works"), ("slow", "Slow"), ("down", "Does not work")],
                        max_length=8,
                    ),
                ),
                ("is_noticed", models.BooleanField(default=True)),
                ("text", models.TextField(blank=True)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "host",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "incident",
                "indexes": [models.Index(fields=["began_at"], name="incident_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("is_noticed", True)),
                        fields=("host", "component"),
                        name="incident_is_noticed_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("api", "Apps and pages"),
                            ("firehose", "New posts reaching others"),
                            ("mail", "E-mail"),
                            ("plc", "Sign-ups and new handles"),
                            ("relays", "Relays"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "working",
                    models.CharField(
                        choices=[("up", "Works"), ("slow", "Slow"), ("down", "Does not work")],
                        default="up",
                        max_length=8,
                    ),
                ),
                ("behind_s", models.PositiveIntegerField(default=0)),
                ("checked_at", models.DateTimeField()),
                (
                    "host",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "status_figure",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "component"),
                        name="status_figure_is_one_a_part",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
