"""Custom host names."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0009_departures"),
        ("provider", "0008_status"),
    ]

    operations = [
        migrations.CreateModel(
            name="HostName",
            fields=[
                (
                    "host",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="name_check",
                        serialize=False,
                        to="hosting.host",
                    ),
                ),
                ("token", models.CharField(max_length=64)),
                ("proved_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("warned_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "host_name",
                "indexes": [models.Index(fields=["checked_at"], name="host_name_by_check")],
            },
        ),
    ]
