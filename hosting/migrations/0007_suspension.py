"""Tenants that are suspended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosting", "0006_staff_access")]
    operations = [
        migrations.AddField(
            model_name="tenant",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="suspension_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
