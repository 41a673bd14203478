"""How many letters went to whom lately (hosting.mail.budgets)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_did_method"),
        ("mail", "0002_captured_words"),
    ]
    operations = [
        migrations.CreateModel(
            name="MailCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("who", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=40)),
                ("window_s", models.IntegerField()),
                ("count", models.IntegerField()),
                ("resets_at", models.DateTimeField(db_index=True)),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_counts",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "mail_count",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "who", "name", "window_s"),
                        name="mail_count_is_one_a_window",
                    )
                ],
            },
        )
    ]
