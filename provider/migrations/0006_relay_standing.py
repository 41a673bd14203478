"""What relays say of hosts."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0007_suspension"),
        ("provider", "0005_tenant_drafts"),
    ]

    operations = [
        migrations.CreateModel(
            name="RelayStanding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("relay", models.TextField()),
                ("checked_at", models.DateTimeField()),
                ("status", models.CharField(blank=True, max_length=60)),
                ("seq", models.BigIntegerField(null=True)),
                ("own_seq", models.BigIntegerField(default=0)),
                ("account_count", models.BigIntegerField(null=True)),
                ("sampled_count", models.PositiveSmallIntegerField(default=0)),
                ("throttled_count", models.PositiveSmallIntegerField(default=0)),
                ("missing_count", models.PositiveSmallIntegerField(default=0)),
                ("hour_count", models.BigIntegerField(default=0)),
                ("day_count", models.BigIntegerField(default=0)),
                (
                    "warnings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="relay_standings",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "relay_standing",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "relay"), name="relay_standing_is_one_a_pair"
                    )
                ],
            },
        ),
    ]
