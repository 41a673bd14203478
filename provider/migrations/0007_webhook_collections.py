"""Webhooks that name collections."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provider", "0006_relay_standing"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhook",
            name="collections",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=320), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="webhook",
            name="record_position",
            field=models.BigIntegerField(default=0),
        ),
    ]
