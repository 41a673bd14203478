"""Accounts on their way in (accounts.account_migration.move_in)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_invites_and_held_sign_ups")]

    operations = [
        migrations.CreateModel(
            name="Arrival",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="arrival",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("moved_from", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                ("handed_over_at", models.DateTimeField(blank=True, null=True)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"db_table": "arrival"},
        ),
        migrations.AddIndex(
            "arrival",
            models.Index(
                fields=["looked_at"],
                name="arrival_on_the_way",
                condition=models.Q(("activated_at__isnull", True)),
            ),
        ),
    ]
