"""Moves in by the pages of a host (repos.account_transfer.moves)."""

import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0007_needed_lexicons"),
    ]

    operations = [
        migrations.CreateModel(
            name="MoveIn",
            fields=[
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_error", models.TextField(blank=True, default="", verbose_name="last error")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("repo_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("host_id", models.BigIntegerField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Under way"),
                            ("running", "Under way"),
                            ("copied", "Copied"),
                            ("stopped", "Stopped"),
                            ("done", "Done"),
                        ],
                        default="waiting",
                    ),
                ),
                ("origin", models.TextField()),
                ("is_host_gone", models.BooleanField(default=False)),
                ("session", models.BinaryField(null=True)),
                ("session_until", models.DateTimeField(null=True)),
                ("language", models.TextField(default="en")),
                ("import_job_id", models.BigIntegerField(null=True)),
                ("records_at", models.DateTimeField(null=True)),
                ("preferences_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("left_at", models.DateTimeField(null=True)),
                ("left_error", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "move_in",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["next_attempt_at"],
                        name="move_in_due",
                    ),
                    models.Index(
                        condition=models.Q(("session_until__isnull", False)),
                        fields=["session_until"],
                        name="move_in_session_until",
                    ),
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
                        name="move_in_is_open_or_decided",
                    )
                ],
            },
        ),
        run_sql_file("repos", "move_in_moves"),
    ]
