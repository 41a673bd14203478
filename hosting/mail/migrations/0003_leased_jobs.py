"""Outgoing e-mail is a durable job as all others (server.jobs): queued is waiting, sending running.

Only what is not sent yet is rewritten. Indexes and constraints take one look at the table each.
"""

import django.utils.timezone
from django.db import migrations, models

from server.database.sql_files import run_sql_file

OPEN = models.Q(("state__in", ["waiting", "running"]))
STATES = [
    ("waiting", "Queued"),
    ("running", "Being sent"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("captured", "Captured"),
]
UNSENT = """
    UPDATE outgoing_mail SET state = CASE state WHEN 'queued' THEN 'waiting' ELSE 'running' END
    WHERE state IN ('queued', 'sending')
"""


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_words")]
    operations = [
        migrations.RemoveConstraint("OutgoingMail", "outgoing_mail_is_decided_or_unsent"),
        migrations.RemoveConstraint("OutgoingMail", "outgoing_mail_keeps_no_words_once_decided"),
        migrations.RemoveIndex("OutgoingMail", "outgoing_mail_due"),
        migrations.AlterField(
            "OutgoingMail",
            "state",
            models.TextField(choices=STATES, default="waiting", verbose_name="status"),
        ),
        migrations.AlterField(
            "OutgoingMail",
            "next_attempt_at",
            models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            "OutgoingMail",
            "last_error",
            models.TextField(blank=True, default="", verbose_name="last error"),
        ),
        migrations.RunSQL(UNSENT),
        migrations.AddConstraint(
            "OutgoingMail",
            models.CheckConstraint(
                condition=(OPEN & models.Q(("decided_at__isnull", True)))
                | (~OPEN & models.Q(("decided_at__isnull", False))),
                name="outgoing_mail_is_open_or_decided",
            ),
        ),
        migrations.AddConstraint(
            "OutgoingMail",
            models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "captured"]))
                | models.Q(("html", ""), ("text", "")),
                name="outgoing_mail_keeps_no_words_once_decided",
            ),
        ),
        migrations.AddIndex(
            "OutgoingMail",
            models.Index(condition=OPEN, fields=["next_attempt_at"], name="outgoing_mail_due"),
        ),
        run_sql_file("server/jobs", "refuse_job_move"),
        run_sql_file("hosting/mail", "outgoing_mail_moves"),
    ]
