"""Sign-ins say for which app they were. A column with a default: no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_languages"),
    ]

    operations = [
        migrations.AddField(
            model_name="signin",
            name="client_host",
            field=models.CharField(blank=True, db_default="", default="", max_length=253),
        ),
        migrations.AlterField(
            model_name="signin",
            name="way",
            field=models.CharField(
                choices=[
                    ("password", "Password"),
                    ("app_password", "App Password"),
                    ("passkey", "Passkey"),
                    ("two_steps", "Two Steps"),
                ],
                max_length=20,
            ),
        ),
    ]
