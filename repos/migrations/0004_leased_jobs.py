"""Imports, blob fetches and repo deletions are durable jobs as all others (server.jobs).

Columns get the same names. Their tables are small: rows that are open, and a few that were decided.
"""

import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file

OPEN = models.Q(("state__in", ["waiting", "running"]))
FETCHES = """
    UPDATE blob_fetch SET decided_at = now() WHERE state <> 'due';
    UPDATE blob_fetch SET state = CASE WHEN is_running THEN 'running' ELSE 'waiting' END
    WHERE state = 'due'
"""


def attempts() -> models.PositiveIntegerField:
    return models.PositiveIntegerField(default=0, verbose_name="attempts")


def next_attempt_at() -> models.DateTimeField:
    return models.DateTimeField(default=django.utils.timezone.now)


def last_error() -> models.TextField:
    return models.TextField(blank=True, default="", verbose_name="last error")


def created_at() -> models.DateTimeField:
    return models.DateTimeField(auto_now_add=True, verbose_name="when")


def decided_at() -> models.DateTimeField:
    return models.DateTimeField(blank=True, null=True)


def held(model: str, table: str) -> list[migrations.operations.base.Operation]:
    return [
        migrations.AddConstraint(
            model,
            models.CheckConstraint(
                condition=(OPEN & models.Q(("decided_at__isnull", True)))
                | (~OPEN & models.Q(("decided_at__isnull", False))),
                name=f"{table}_is_open_or_decided",
            ),
        ),
        migrations.AddIndex(
            model, models.Index(condition=OPEN, fields=["next_attempt_at"], name=f"{table}_due")
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("repos", "0003_words")]
    operations = [
        migrations.RemoveIndex("ImportJob", "import_job_to_take_up"),
        migrations.RenameField("ImportJob", "lease_ends_at", "next_attempt_at"),
        migrations.RenameField("ImportJob", "refusal", "last_error"),
        migrations.AlterField("ImportJob", "attempts", attempts()),
        migrations.AlterField("ImportJob", "next_attempt_at", next_attempt_at()),
        migrations.AlterField("ImportJob", "last_error", last_error()),
        migrations.AlterField("ImportJob", "created_at", created_at()),
        migrations.AlterField("ImportJob", "decided_at", decided_at()),
        *held("ImportJob", "import_job"),
        migrations.RemoveIndex("BlobFetch", "blob_fetch_due"),
        migrations.AddField(
            "BlobFetch",
            "created_at",
            models.DateTimeField(
                auto_now_add=True, default=django.utils.timezone.now, verbose_name="when"
            ),
            preserve_default=False,
        ),
        migrations.AddField("BlobFetch", "decided_at", decided_at()),
        migrations.AlterField("BlobFetch", "attempts", attempts()),
        migrations.AlterField("BlobFetch", "next_attempt_at", next_attempt_at()),
        migrations.AlterField("BlobFetch", "last_error", last_error()),
        migrations.AlterField(
            "BlobFetch",
            "state",
            models.TextField(
                choices=[
                    ("waiting", "Under way"),
                    ("running", "Under way"),
                    ("done", "Done"),
                    ("stopped", "Stopped"),
                ],
                default="waiting",
            ),
        ),
        migrations.RunSQL(FETCHES),
        migrations.RemoveField("BlobFetch", "is_running"),
        *held("BlobFetch", "blob_fetch"),
        migrations.RenameField("RepoDeletion", "lease_ends_at", "next_attempt_at"),
        migrations.AlterField("RepoDeletion", "next_attempt_at", next_attempt_at()),
        migrations.AddField(
            "RepoDeletion", "state", models.TextField(default="waiting", verbose_name="status")
        ),
        migrations.AddField("RepoDeletion", "attempts", attempts()),
        migrations.AddField("RepoDeletion", "last_error", last_error()),
        migrations.AlterField("RepoDeletion", "created_at", created_at()),
        migrations.AddField("RepoDeletion", "decided_at", decided_at()),
        *held("RepoDeletion", "repo_deletion"),
        run_sql_file("server/jobs", "refuse_job_move"),
        run_sql_file("repos", "job_moves"),
    ]
