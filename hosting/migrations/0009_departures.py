"""Tenants that were exported, and that are gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosting", "0008_plans")]
    operations = [
        migrations.AddField(
            model_name="tenant",
            name="exported_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
