"""An index of the deliveries of webhooks that are under way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module's docstring."""

    dependencies = [("provider", "0011_webhook_reader")]

    operations = [
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "running")),
                fields=["webhook"],
                name="webhook_delivery_running",
            ),
        ),
    ]
