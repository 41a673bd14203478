"""What people are told about a tenant."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_triage"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="backups",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="tenant",
            name="country",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=2,
                validators=[
                    django.core.validators.RegexValidator("^[A-Z]{2}$", "Two letters, such as DE.")
                ],
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="exit_promise",
            field=models.CharField(blank=True, db_default="", default="", max_length=1000),
        ),
        migrations.AddField(
            model_name="tenant",
            name="moderation_email",
            field=models.EmailField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="tenant",
            name="operator",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
