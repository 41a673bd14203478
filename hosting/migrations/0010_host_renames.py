"""A second name of a host, the address of a tenant's app, plans that are retired."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0009_departures"),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="app_url",
            field=models.URLField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="host",
            name="other_hostname",
            field=models.CharField(
                blank=True,
                max_length=253,
                null=True,
                unique=True,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", "Not a host name."
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="other_origin",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="plan",
            name="retired_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
