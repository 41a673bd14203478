"""Archives of accounts: all that is kept of somebody, in one file (repos.account_transfer)."""

import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file

OPEN = models.Q(("state__in", ["waiting", "running"]))
STATES = [
    ("waiting", "Waiting"),
    ("running", "Under way"),
    ("ready", "Ready"),
    ("failed", "Failed"),
]


class Migration(migrations.Migration):
    dependencies = [("repos", "0005_file_deletions")]
    operations = [
        migrations.CreateModel(
            name="AccountArchive",
            fields=[
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_error", models.TextField(blank=True, default="", verbose_name="last error")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("repo_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("host_id", models.BigIntegerField()),
                ("state", models.TextField(choices=STATES, default="waiting")),
                ("language", models.TextField(default="en")),
                ("key", models.TextField(blank=True, default="")),
                ("size_bytes", models.BigIntegerField(default=0)),
                ("expected_bytes", models.BigIntegerField(default=0)),
                ("expires_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "account_archive",
                "indexes": [
                    models.Index(
                        condition=OPEN, fields=["next_attempt_at"], name="account_archive_due"
                    ),
                    models.Index(fields=["host_id"], name="account_archive_by_host"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=(OPEN & models.Q(("decided_at__isnull", True)))
                        | (~OPEN & models.Q(("decided_at__isnull", False))),
                        name="account_archive_is_open_or_decided",
                    )
                ],
            },
        ),
        run_sql_file("repos", "account_archive_moves"),
    ]
