"""Accounts under a legal hold are forgotten by no sweep."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_openid"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
