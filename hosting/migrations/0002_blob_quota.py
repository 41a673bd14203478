"""How much an account's blobs may come to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosting", "0001_tenants_and_hosts")]
    operations = [
        migrations.AddField(
            model_name="host",
            name="blob_quota_bytes",
            field=models.BigIntegerField(
                blank=True,
                help_text="All blobs of one account together; empty: no limit.",
                null=True,
            ),
        )
    ]
