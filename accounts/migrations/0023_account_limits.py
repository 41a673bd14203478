"""Limits of single accounts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0022_foreign_app_passwords"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountLimits",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="own_limits",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("limits", models.JSONField(default=dict)),
                ("warned", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "account_limits",
            },
        ),
    ]
