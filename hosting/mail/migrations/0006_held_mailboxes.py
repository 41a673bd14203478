"""Recipients under a legal hold."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_triage"),
        ("mail", "0005_languages"),
    ]

    operations = [
        migrations.CreateModel(
            name="HeldMailbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recipient", models.CharField(max_length=320)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "held_mailbox",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "recipient"), name="held_mailbox_is_one_row"
                    )
                ],
            },
        ),
    ]
