"""Sign-ups that the velocity limit holds say so by its name."""

from django.db import migrations, models

REASONS = [
    ("policy", "Every sign-up is looked at"),
    ("velocity_limit", "Too many sign-ups at once"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_leased_jobs")]
    operations = [
        migrations.AlterField(
            "HeldSignUp",
            "reason",
            models.CharField(choices=REASONS, max_length=16, verbose_name="why"),
        ),
        migrations.RunSQL(
            "UPDATE held_sign_up SET reason = 'velocity_limit' WHERE reason = 'breaker'"
        ),
    ]
