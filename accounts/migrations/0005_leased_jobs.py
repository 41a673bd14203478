"""PLC operations are durable jobs as all others (server.jobs): `pending` is waiting, or running.

Only what is still open is rewritten. Indexes and constraints take one look at the table each.
"""

import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file

OPEN = models.Q(("state__in", ["waiting", "running"]))
STATES = [
    ("waiting", "Waiting"),
    ("running", "Running"),
    ("published", "Published"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_words")]
    operations = [
        migrations.RemoveConstraint("PlcOperation", "plc_operation_keeps_a_handle_once"),
        migrations.RemoveConstraint("PlcOperation", "plc_operation_is_decided_when_not_pending"),
        migrations.RemoveIndex("PlcOperation", "plc_operation_due"),
        migrations.AlterField(
            "PlcOperation", "state", models.TextField(choices=STATES, default="waiting")
        ),
        migrations.AlterField(
            "PlcOperation",
            "attempts",
            models.PositiveIntegerField(default=0, verbose_name="attempts"),
        ),
        migrations.AlterField(
            "PlcOperation",
            "next_attempt_at",
            models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            "PlcOperation",
            "last_error",
            models.TextField(blank=True, default="", verbose_name="last error"),
        ),
        migrations.AlterField(
            "PlcOperation",
            "created_at",
            models.DateTimeField(auto_now_add=True, verbose_name="when"),
        ),
        migrations.RunSQL("UPDATE plc_operation SET state = 'waiting' WHERE state = 'pending'"),
        migrations.AddConstraint(
            "PlcOperation",
            models.UniqueConstraint(
                condition=OPEN & ~models.Q(("new_handle", "")),
                fields=["new_handle"],
                name="plc_operation_keeps_a_handle_once",
            ),
        ),
        migrations.AddConstraint(
            "PlcOperation",
            models.CheckConstraint(
                condition=(OPEN & models.Q(("decided_at__isnull", True)))
                | (~OPEN & models.Q(("decided_at__isnull", False))),
                name="plc_operation_is_open_or_decided",
            ),
        ),
        migrations.AddIndex(
            "PlcOperation",
            models.Index(condition=OPEN, fields=["next_attempt_at"], name="plc_operation_due"),
        ),
        run_sql_file("server/jobs", "refuse_job_move"),
        run_sql_file("accounts", "plc_operation_moves"),
    ]
