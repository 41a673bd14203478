"""App passwords of accounts that were adopted are hashed as their old host did it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0021_deeds_by_the_minute")]
    operations = [
        migrations.AlterField(
            model_name="apppassword",
            name="password_hash",
            field=models.CharField(max_length=80),
        ),
    ]
