"""The audit log, reports and evidence: the tables of version 0.1."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("moderation", "0001_initial"),
        ("moderation", "0002_blob_takedowns"),
        ("moderation", "0003_admin_api"),
        ("moderation", "0004_reports"),
        ("moderation", "0005_admission_action"),
        ("moderation", "0006_denied_blobs"),
        ("moderation", "0007_resume_move"),
        ("moderation", "0009_evidence"),
    ]

    dependencies = [
        ("hosting", "0001_squashed_tables"),
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
                            ("account.deactivate", "Account deactivated"),
                            ("account.activate", "Account activated"),
                            ("account.delete", "Account deleted"),
                            ("account.change_email", "E-mail address changed"),
                            ("account.change_handle", "Handle changed"),
                            ("account.change_password", "Password changed"),
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
                            ("blob.take_down", "File taken down"),
                            ("blob.restore", "File restored"),
                            ("blob.deny", "File denied"),
                            ("blob.allow", "File allowed"),
                            ("evidence.download", "Evidence downloaded"),
                            ("evidence.discard", "Evidence discarded"),
                        ],
                        max_length=40,
                    ),
                ),
                ("subject_did", models.CharField(blank=True, max_length=2048, verbose_name="DID")),
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("subject_cid", models.CharField(blank=True, max_length=100, verbose_name="CID")),
                ("actor", models.CharField(blank=True, max_length=2048, verbose_name="actor")),
                ("ref", models.CharField(blank=True, max_length=300)),
                (
                    "subject_record",
                    models.CharField(blank=True, max_length=1024, verbose_name="record"),
                ),
                (
                    "stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "done"),
                            ("begun", "begun"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        max_length=8,
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
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor", ""), ("staff__isnull", False)),
                            models.Q(
                                ("staff__isnull", True), models.Q(("actor", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="audit_entry_has_one_actor",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("did", models.CharField(max_length=2048)),
                ("path", models.CharField(max_length=1024)),
                ("cid", models.CharField(max_length=100)),
                ("data", models.BinaryField()),
                ("size_bytes", models.BigIntegerField()),
                ("reported_by", models.CharField(max_length=2048)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kept_until", models.DateTimeField(db_index=True)),
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
                "db_table": "evidence",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "did", "path", "cid"), name="evidence_once_a_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("reported_by", models.CharField(max_length=2048, verbose_name="reported by")),
                ("reason_type", models.CharField(max_length=300, verbose_name="kind")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("subject_did", models.CharField(max_length=2048, verbose_name="about")),
                (
                    "subject_uri",
                    models.CharField(blank=True, max_length=8192, verbose_name="record"),
                ),
                ("subject_cid", models.CharField(blank=True, max_length=256)),
                ("tool", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                (
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to="moderation.evidence",
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "db_table": "report",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["host", "id"], name="report_by_host")],
            },
        ),
    ]
