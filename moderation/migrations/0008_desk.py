"""Beside the cases: bulk actions, deadlines, saved filters, who looks at what."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from server.database.sql_files import run_sql_file

ID = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)
KINDS = [
    ("child_safety", "Child safety"),
    ("self_harm", "Self-harm"),
    ("violence", "Violence and threats"),
    ("privacy", "Private data published"),
    ("sexual", "Sexual content"),
    ("harassment", "Harassment"),
    ("legal", "Legal notice"),
    ("misleading", "Misleading"),
    ("rules", "Breach of rules"),
    ("spam", "Spam"),
    ("other", "Something else"),
    ("appeal", "Appeal"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0003_wants_second_factors"),
        ("moderation", "0007_cases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkAction",
            fields=[
                ID,
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_error", models.TextField(blank=True, default="", verbose_name="last error")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Under way"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                        ],
                        default="waiting",
                        verbose_name="status",
                    ),
                ),
                ("action", models.CharField(max_length=60)),
                ("given", models.JSONField(default=dict)),
                ("item_count", models.PositiveIntegerField(default=0)),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "bulk_action",
            },
        ),
        migrations.CreateModel(
            name="BulkItem",
            fields=[
                ID,
                (
                    "state",
                    models.TextField(
                        choices=[("pending", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                        default="pending",
                    ),
                ),
                ("said", models.TextField(blank=True, default="")),
                (
                    "bulk",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="moderation.bulkaction",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.case",
                    ),
                ),
            ],
            options={
                "db_table": "bulk_item",
            },
        ),
        migrations.CreateModel(
            name="CaseDeadline",
            fields=[
                ID,
                ("kind", models.TextField(choices=KINDS)),
                ("hours", models.PositiveIntegerField()),
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
                "db_table": "case_deadline",
            },
        ),
        migrations.CreateModel(
            name="CaseFilter",
            fields=[
                ID,
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.CharField(max_length=1000)),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                "db_table": "case_filter",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="CaseViewer",
            fields=[
                ID,
                ("seen_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="viewers",
                        to="moderation.case",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "case_viewer",
            },
        ),
        migrations.AddIndex(
            model_name="bulkaction",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["next_attempt_at"],
                name="bulk_action_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["waiting", "running"]), ("decided_at__isnull", True)),
                    models.Q(
                        models.Q(("state__in", ["waiting", "running"]), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="bulk_action_is_open_or_decided",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(fields=["bulk", "state", "id"], name="bulk_item_by_state"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(
                fields=("bulk", "case"), name="bulk_item_once_a_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="casedeadline",
            constraint=models.UniqueConstraint(
                fields=("tenant", "kind"), name="case_deadline_once_a_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="casefilter",
            constraint=models.UniqueConstraint(
                fields=("tenant", "staff", "name"), name="case_filter_once_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="caseviewer",
            constraint=models.UniqueConstraint(
                fields=("case", "staff"), name="case_viewer_is_one_row"
            ),
        ),
        run_sql_file("moderation", "bulk_action_moves"),
    ]
