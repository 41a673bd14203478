"""Keys that people hold themselves, logs of the directory, reminders before deletions. New tables,
and columns with defaults: no row is rewritten."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_growth"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeenPlcLog",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="plc_log",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("entries", models.JSONField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "db_table": "seen_plc_log",
            },
        ),
        migrations.AddField(
            model_name="plcoperation",
            name="added_rotation_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
        migrations.AddField(
            model_name="plcoperation",
            name="removed_rotation_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
        migrations.CreateModel(
            name="DeletionReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deletion_reminders",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "deletion_reminder",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "due_at"), name="deletion_reminder_is_sent_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecoveryKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did_key", models.CharField(max_length=256)),
                ("name", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("proven_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_keys",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "recovery_key",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "did_key"), name="recovery_key_is_kept_once_an_account"
                    )
                ],
            },
        ),
    ]
