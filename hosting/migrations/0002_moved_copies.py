"""How long a tenant keeps copies of accounts that moved away. No row is rewritten."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0001_squashed_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="moved_copy_kept_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="For how many days the copy of an account that moved away is kept; empty: until its owner deletes it.",
                null=True,
                validators=[django.core.validators.MinValueValidator(7)],
            ),
        ),
    ]
