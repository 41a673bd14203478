"""Cases of the moderation desk, which reports join."""

import django.db.models.deletion
import django.db.models.functions.text
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
UNCLOSED = models.Q(("state", "closed"), _negated=True)


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0003_wants_second_factors"),
        ("moderation", "0006_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="report",
            name="resolution",
            field=models.TextField(
                blank=True,
                choices=[
                    ("actioned", "Action taken"),
                    ("dismissed", "Dismissed"),
                    ("duplicate", "Duplicate"),
                ],
                db_default="",
                default="",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="source",
            field=models.TextField(
                choices=[
                    ("people", "somebody with an account"),
                    ("public", "the public page"),
                    ("notice", "an abuse notice"),
                    ("scanner", "the scanner"),
                    ("staff", "staff"),
                ],
                db_default="people",
                default="people",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("account.take_down", "Account taken down"),
                    ("account.restore", "Account restored"),
                    ("account.deactivate", "Account deactivated"),
                    ("account.activate", "Account activated"),
                    ("account.delete", "Account deleted"),
                    ("account.change_email", "E-mail address changed"),
                    ("account.change_handle", "Handle changed"),
                    ("account.change_password", "Password changed"),
                    ("account.reset_factors", "Second factors reset"),
                    ("account.change_key", "Signing key changed"),
                    ("account.resume_move", "Move pushed on"),
                    ("account.write_to", "Mail sent"),
                    ("record.take_down", "Record taken down"),
                    ("record.restore", "Record restored"),
                    ("invites.create", "Invite codes created"),
                    ("invites.disable", "Invite codes disabled"),
                    ("invites.forbid", "Inviting forbidden"),
                    ("invites.allow", "Inviting allowed"),
                    ("sign_up.approve", "Sign-up approved"),
                    ("sign_up.refuse", "Sign-up refused"),
                    ("sign_up.reopen", "Sign-up reopened"),
                    ("host.change_admission", "Admission changed"),
                    ("staff.sign_in", "Staff signed in"),
                    ("staff.sign_in_refused", "Staff sign-in refused"),
                    ("staff.sign_out", "Staff signed out"),
                    ("app.revoke", "App's access revoked"),
                    ("app.trust", "App trusted"),
                    ("app.block", "App blocked"),
                    ("app.reset", "App neither trusted nor blocked"),
                    ("blob.take_down", "File taken down"),
                    ("blob.restore", "File restored"),
                    ("blob.deny", "File denied"),
                    ("blob.allow", "File allowed"),
                    ("label.put", "Label put"),
                    ("label.negate", "Label taken back"),
                    ("labeler.open", "Labeler set up"),
                    ("labeler.publish", "Labeler named in its identity"),
                    ("labeler.declare", "Labeler declared"),
                    ("labeler.set_hiding", "Effect of labels changed"),
                    ("labeler.rotate_key", "Labeler's key changed"),
                    ("evidence.download", "Evidence downloaded"),
                    ("evidence.discard", "Evidence discarded"),
                    ("case.close", "Case closed"),
                    ("case.reopen", "Case reopened"),
                ],
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="report",
            name="reported_by",
            field=models.CharField(blank=True, max_length=2048, verbose_name="reported by"),
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ID,
                ("subject", models.TextField(verbose_name="about")),
                ("subject_did", models.CharField(max_length=2048)),
                ("collection", models.TextField(blank=True, default="")),
                ("kind", models.TextField(choices=KINDS, verbose_name="kind")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("open", "Open"),
                            ("assigned", "Assigned"),
                            ("escalated", "Escalated"),
                            ("waiting", "Waiting"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        verbose_name="status",
                    ),
                ),
                (
                    "resolution",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("actioned", "Action taken"),
                            ("dismissed", "Dismissed"),
                            ("duplicate", "Duplicate"),
                        ],
                        default="",
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        choices=[(0, "Urgent"), (1, "Overdue"), (2, "Normal")], default=2
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("waiting_until", models.DateTimeField(blank=True, null=True)),
                ("report_count", models.PositiveIntegerField(default=0)),
                ("reported_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "barred",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "moderation_case",
                "ordering": ["priority", "due_at", "id"],
            },
        ),
        migrations.AddField(
            model_name="report",
            name="case",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reports",
                to="moderation.case",
            ),
        ),
        migrations.CreateModel(
            name="CaseEvent",
            fields=[
                ID,
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("opened", "Opened"),
                            ("note", "Note"),
                            ("assigned", "Taken"),
                            ("released", "Put back"),
                            ("escalated", "Escalated"),
                            ("waiting", "Set to wait"),
                            ("resumed", "Waited long enough"),
                            ("overdue", "Overdue"),
                            ("action", "Action"),
                            ("report_closed", "Report closed"),
                            ("closed", "Closed"),
                            ("reopened", "Reopened"),
                        ]
                    ),
                ),
                ("text", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="moderation.case",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "case_event",
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=UNCLOSED, fields=["host", "priority", "due_at", "id"], name="case_queue"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=UNCLOSED,
                fields=["host", "kind", "priority", "due_at", "id"],
                name="case_queue_of_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(UNCLOSED, ("assignee__isnull", False)),
                fields=["assignee", "priority", "due_at", "id"],
                name="case_queue_of_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=UNCLOSED, fields=["priority", "due_at", "id"], name="case_queue_of_all"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=UNCLOSED, fields=["due_at"], name="case_due"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["waiting_until"],
                name="case_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "closed")),
                fields=["host", "-closed_at", "-id"],
                name="case_done",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["subject_did"], name="case_by_account"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("host"),
                django.db.models.functions.text.MD5("subject"),
                name="case_by_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                models.F("host"),
                django.db.models.functions.text.MD5("subject"),
                condition=models.Q(UNCLOSED, models.Q(("kind", "appeal"), _negated=True)),
                name="case_once_a_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                models.F("host"),
                django.db.models.functions.text.MD5("subject"),
                condition=models.Q(("kind", "appeal"), UNCLOSED),
                name="case_once_an_appeal",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state", "closed"),
                        models.Q(("resolution", ""), _negated=True),
                    ),
                    models.Q(UNCLOSED, ("closed_at__isnull", True), ("resolution", "")),
                    _connector="OR",
                ),
                name="case_is_closed_somehow",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["open", "assigned"]), _negated=True),
                    models.Q(("assignee__isnull", True), ("state", "open")),
                    models.Q(("assignee__isnull", False), ("state", "assigned")),
                    _connector="OR",
                ),
                name="case_is_assigned_to_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("assignee__isnull", True),
                    ("barred__isnull", True),
                    models.Q(("assignee", models.F("barred")), _negated=True),
                    _connector="OR",
                ),
                name="case_is_not_for_who_decided",
            ),
        ),
        run_sql_file("moderation", "case_moves"),
    ]
