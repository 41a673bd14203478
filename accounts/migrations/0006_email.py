"""Codes by mail, the second factor by mail, places of sign-ins."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_preferences"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="has_email_auth_factor",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="EmailToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("confirm_email", "Confirm Email"),
                            ("update_email", "Update Email"),
                            ("reset_password", "Reset Password"),
                            ("delete_account", "Delete Account"),
                            ("plc_operation", "Plc Operation"),
                            ("auth_factor", "Auth Factor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("code_hash", models.CharField(db_index=True, max_length=64)),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("issued_at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="email_tokens",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "email_token",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "purpose"), name="email_token_is_one_a_purpose"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place_hash", models.CharField(max_length=64)),
                ("last_seen_at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_places",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "known_place",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "place_hash"), name="known_place_is_kept_once_an_account"
                    )
                ],
            },
        ),
    ]
