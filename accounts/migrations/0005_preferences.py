"""Preferences of accounts (accounts.preferences)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_one_did_a_host")]
    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preferences",
                        to="accounts.account",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("name", models.TextField()),
                ("value", models.TextField()),
            ],
            options={
                "db_table": "account_preference",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "position"), name="account_preference_has_one_place"
                    )
                ],
            },
        )
    ]
