"""Passwords for apps."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_delete_after")]
    operations = [
        migrations.CreateModel(
            name="AppPassword",
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
                        related_name="app_passwords",
                        to="accounts.account",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("password_hash", models.CharField(max_length=64)),
                ("is_privileged", models.BooleanField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "app_password",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "name"), name="app_password_name_is_unique_an_account"
                    )
                ],
            },
        )
    ]
