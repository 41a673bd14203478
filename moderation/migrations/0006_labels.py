"""Labels: a labeler a tenant, its keys, what it says, and the numbers of its stream."""

import django.db.models.deletion
from django.db import migrations, models

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_sign_in_ways"),
        ("hosting", "0003_wants_second_factors"),
        ("moderation", "0005_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="LabelCounter",
            fields=[
                ("labeler_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_seq", models.BigIntegerField(default=0)),
                ("dropped_seq", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "db_table": "label_counter",
            },
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
                ],
                max_length=40,
            ),
        ),
        migrations.CreateModel(
            name="Labeler",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="labeler",
                        serialize=False,
                        to="hosting.tenant",
                    ),
                ),
                ("did", models.CharField(max_length=2048)),
                ("is_opened_here", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("serving", "Labels are served; the identity does not name them yet"),
                            ("published", "The identity names the labeler"),
                            ("declared", "The labeler is declared"),
                            ("live", "Live"),
                        ],
                        default="serving",
                        max_length=16,
                    ),
                ),
                ("signing_did_key", models.CharField(max_length=100)),
                ("next_did_key", models.CharField(blank=True, max_length=100)),
                ("declaration", models.JSONField(default=dict)),
                ("hides", models.JSONField(default=list)),
                ("probe", models.JSONField(default=list)),
                ("probed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.account",
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
            ],
            options={
                "db_table": "labeler",
            },
        ),
        migrations.CreateModel(
            name="LabelKey",
            fields=[
                ("did_key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("wrapped", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="moderation.labeler",
                    ),
                ),
            ],
            options={
                "db_table": "label_key",
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("src", models.CharField(max_length=2048)),
                ("uri", models.TextField(db_collation="C", verbose_name="subject")),
                ("cid", models.CharField(blank=True, max_length=256)),
                ("val", models.CharField(db_collation="C", max_length=128, verbose_name="label")),
                ("is_negation", models.BooleanField(verbose_name="taken back")),
                ("is_current", models.BooleanField(default=True)),
                ("labelled_at", models.DateTimeField(verbose_name="when")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                ("body", models.BinaryField()),
                ("seq", models.BigIntegerField(null=True)),
                ("position", models.BigIntegerField(null=True)),
                (
                    "labeler",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labels",
                        to="moderation.labeler",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        db_column="did_key",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="moderation.labelkey",
                    ),
                ),
            ],
            options={
                "verbose_name": "label",
                "verbose_name_plural": "labels",
                "db_table": "label",
            },
        ),
        migrations.AddConstraint(
            model_name="labeler",
            constraint=models.UniqueConstraint(fields=("did",), name="labeler_has_its_own_did"),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("is_current", True)),
                fields=["labeler", "id"],
                name="label_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(fields=["labeler", "seq"], name="label_by_seq"),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(fields=["position"], name="label_by_position"),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("seq__isnull", True)), fields=["id"], name="label_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="label",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("labeler", "uri", "val"),
                name="label_has_one_last_word",
            ),
        ),
        run_sql_file("moderation", "number_pending_labels"),
    ]
