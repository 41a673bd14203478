"""Abuse notices, who may send them, and the figures of closed months."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_triage"),
        ("moderation", "0013_legal_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="AbuseAuthority",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.CharField(max_length=2048)),
                ("is_acted_on", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="abuse_authorities",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "abuse_authority",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "did"), name="abuse_authority_is_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("did", "*"), _negated=True),
                            ("is_acted_on", False),
                            _connector="OR",
                        ),
                        name="abuse_authority_anybody_is_not_acted_on",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AbuseNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("authority", models.CharField(max_length=2048)),
                ("notice_id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("media", "Pictures or videos"),
                            ("legal", "Legal"),
                            ("spam", "Spam"),
                            ("extremist", "Extremism"),
                            ("other", "Something else"),
                        ],
                        max_length=16,
                    ),
                ),
                ("comment", models.TextField(blank=True)),
                ("subjects", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("acted", models.PositiveSmallIntegerField(default=0)),
                (
                    "acknowledged",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.auditentry",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "abuse_notice",
                "indexes": [
                    models.Index(
                        condition=models.Q(("acknowledged__isnull", True)),
                        fields=["host", "id"],
                        name="abuse_notice_open",
                    ),
                    models.Index(fields=["host", "created_at"], name="abuse_notice_by_month"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "authority", "notice_id"), name="abuse_notice_comes_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("name", models.CharField(max_length=60)),
                ("count", models.PositiveIntegerField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "monthly_figure",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "month", "name"), name="monthly_figure_is_one_row"
                    )
                ],
            },
        ),
    ]
