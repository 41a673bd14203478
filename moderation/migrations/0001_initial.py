"""The audit log, and the trigger that keeps it append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = """
create function audit_entry_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
create trigger audit_entry_is_append_only before update or delete on audit_entry
  for each row execute function audit_entry_is_append_only();
"""
REVERSE = "drop function audit_entry_is_append_only cascade;"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("hosting", "0001_tenants_and_hosts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("account.take_down", "Account taken down"),
                            ("account.restore", "Account restored"),
                        ],
                        max_length=40,
                    ),
                ),
                ("subject_did", models.CharField(max_length=300, verbose_name="DID")),
                (
                    "subject_handle",
                    models.CharField(blank=True, max_length=253, verbose_name="handle"),
                ),
                ("reason", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "db_table": "audit_entry",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["subject_did"], name="audit_entry_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="audit_entry_has_a_reason",
                    )
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, REVERSE),
    ]
