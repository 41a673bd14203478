"""The log of the platform itself, and what bulk jobs could not do."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provider", "0009_host_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlatformEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("about", models.CharField(max_length=120)),
                ("who", models.CharField(max_length=200)),
                ("what", models.CharField(max_length=2000)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "platform_entry",
                "indexes": [models.Index(fields=["about", "-id"], name="platform_entry_by_about")],
            },
        ),
        migrations.CreateModel(
            name="JobRemainder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.CharField(max_length=2048)),
                ("reason", models.CharField(max_length=300)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="remainders",
                        to="provider.job",
                    ),
                ),
            ],
            options={
                "db_table": "provider_job_remainder",
                "constraints": [
                    models.UniqueConstraint(fields=("job", "did"), name="job_remainder_once")
                ],
            },
        ),
    ]
