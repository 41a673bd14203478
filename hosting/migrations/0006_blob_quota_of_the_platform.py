"""An empty quota means the platform's; before, it meant none. No change of the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosting", "0005_services_of_a_host")]

    operations = [
        migrations.AlterField(
            "Host",
            "blob_quota_bytes",
            models.BigIntegerField(
                blank=True,
                help_text="All blobs of one account together; empty: the platform's limit.",
                null=True,
            ),
        ),
    ]
