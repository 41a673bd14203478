"""Why the preferences of somebody who moved in are not here."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0008_moves_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="movein",
            name="preferences_error",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
