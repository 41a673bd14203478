"""Legal holds and exports of evidence."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_triage"),
        ("moderation", "0012_labelers_older_signatures"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("did", models.CharField(max_length=2048)),
                ("handle", models.CharField(blank=True, max_length=253)),
                ("email", models.CharField(blank=True, max_length=320)),
                ("reason", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "asked",
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
                (
                    "placed",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.auditentry",
                    ),
                ),
            ],
            options={
                "db_table": "legal_hold",
            },
        ),
        migrations.CreateModel(
            name="HeldFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("data", models.BinaryField()),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="moderation.legalhold",
                    ),
                ),
            ],
            options={
                "db_table": "held_file",
            },
        ),
        migrations.CreateModel(
            name="EvidenceExport",
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
                ("repo_id", models.BigIntegerField()),
                ("did", models.CharField(max_length=2048)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Under way"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                    ),
                ),
                ("key", models.TextField(blank=True, default="")),
                ("size_bytes", models.BigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "asked",
                    models.ForeignKey(
                        db_constraint=False,
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
                (
                    "hold",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exports",
                        to="moderation.legalhold",
                    ),
                ),
            ],
            options={
                "db_table": "evidence_export",
            },
        ),
        migrations.AddIndex(
            model_name="legalhold",
            index=models.Index(fields=["host", "id"], name="legal_hold_by_host"),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at__isnull", True)),
                fields=("repo_id",),
                name="legal_hold_is_one_an_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="heldfile",
            constraint=models.UniqueConstraint(
                fields=("hold", "name"), name="held_file_name_is_unique"
            ),
        ),
        migrations.AddIndex(
            model_name="evidenceexport",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["next_attempt_at"],
                name="evidence_export_due",
            ),
        ),
        migrations.AddIndex(
            model_name="evidenceexport",
            index=models.Index(fields=["host", "id"], name="evidence_export_by_host"),
        ),
        migrations.AddConstraint(
            model_name="evidenceexport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["waiting", "running"]), ("decided_at__isnull", True)),
                    models.Q(
                        models.Q(("state__in", ["waiting", "running"]), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="evidence_export_is_open_or_decided",
            ),
        ),
        run_sql_file("moderation", "evidence_export_moves"),
    ]
