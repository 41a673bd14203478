"""Policies, strikes, and decisions with their notices and appeals."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_triage"),
        ("moderation", "0009_reports_join_cases"),
    ]

    operations = [
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
                    ("account.suspend", "Account suspended"),
                    ("account.lift_suspension", "Suspension lifted"),
                    ("account.warn", "Account warned"),
                    ("account.remove_handle", "Handle removed"),
                    ("account.block_uploads", "Uploads blocked"),
                    ("account.allow_uploads", "Uploads allowed"),
                    ("account.end_password", "Password reset forced"),
                    ("account.strike", "Strike given"),
                    ("account.take_back_strikes", "Strikes taken back"),
                    ("record.take_down", "Record taken down"),
                    ("record.restore", "Record restored"),
                    ("invites.create", "Invite codes created"),
                    ("invites.disable", "Invite codes disabled"),
                    ("invites.forbid", "Inviting forbidden"),
                    ("invites.allow", "Inviting allowed"),
                    ("sign_up.approve", "Sign-up approved"),
                    ("sign_up.refuse", "Sign-up refused"),
                    ("sign_up.reopen", "Sign-up reopened"),
                    ("sign_up.block", "Sign-ups of a network blocked"),
                    ("sign_up.unblock", "Sign-ups of a network allowed"),
                    ("policy.change", "Policy changed"),
                    ("policy.retire", "Policy retired"),
                    ("notice.change_text", "Text of a notice changed"),
                    ("appeal.uphold", "Appeal refused"),
                    ("appeal.grant", "Appeal granted"),
                    ("hold.place", "Legal hold placed"),
                    ("hold.ask_release", "Release of a legal hold asked for"),
                    ("hold.release", "Legal hold released"),
                    ("evidence.export", "Evidence exported"),
                    ("blob.deny_many", "Files denied by a list"),
                    ("abuse_notice.acknowledge", "Abuse notice acknowledged"),
                    ("abuse_authority.change", "Authority for abuse notices changed"),
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
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("public_text", models.TextField()),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=16,
                    ),
                ),
                ("default_action", models.CharField(max_length=40)),
                ("strikes", models.PositiveSmallIntegerField(default=0)),
                ("strike_days", models.PositiveSmallIntegerField(default=90)),
                ("suspends_at", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("suspension_days", models.PositiveSmallIntegerField(default=7)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policies",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "policy",
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.CharField(max_length=2048, verbose_name="DID")),
                ("action", models.CharField(max_length=40)),
                ("rule", models.TextField(blank=True)),
                ("words", models.TextField(blank=True)),
                ("record", models.CharField(blank=True, max_length=1024)),
                ("cid", models.CharField(blank=True, max_length=100)),
                ("until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("appeal_until", models.DateTimeField()),
                ("appealed_at", models.DateTimeField(null=True)),
                ("appeal", models.TextField(blank=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not decided yet"),
                            ("upheld", "The decision stands"),
                            ("reversed", "The decision was taken back"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                ("outcome_words", models.TextField(blank=True)),
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
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
                    "outcome_entry",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.auditentry",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.policy",
                    ),
                ),
            ],
            options={
                "db_table": "decision",
            },
        ),
        migrations.CreateModel(
            name="Strike",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.CharField(max_length=2048)),
                ("count", models.PositiveSmallIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                (
                    "entry",
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
                    "policy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.policy",
                    ),
                ),
            ],
            options={
                "db_table": "strike",
            },
        ),
        migrations.CreateModel(
            name="NoticeText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=40)),
                ("language", models.CharField(max_length=10)),
                ("text", models.TextField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_texts",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "notice_text",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "action", "language"), name="notice_text_once_a_language"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("retired_at__isnull", True)),
                name="policy_name_is_unique_a_tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["did", "host"], name="decision_by_did"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["host", "created_at"], name="decision_by_month"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("appealed_at__isnull", False), ("outcome", "")),
                fields=["host", "appealed_at"],
                name="decision_appealed",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome", ""), ("appealed_at__isnull", False), _connector="OR"
                ),
                name="decision_outcome_is_of_an_appeal",
            ),
        ),
        migrations.AddIndex(
            model_name="strike",
            index=models.Index(fields=["did", "host"], name="strike_by_did"),
        ),
        migrations.AddConstraint(
            model_name="strike",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gt", 0)), name="strike_counts"
            ),
        ),
    ]
