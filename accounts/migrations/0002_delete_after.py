"""When the owner of a deactivated account wants it to be deleted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="delete_after",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
