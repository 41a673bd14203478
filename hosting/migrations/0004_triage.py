"""One more role of staff."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0003_wants_second_factors"),
    ]

    operations = [
        migrations.AlterField(
            model_name="member",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("moderator", "Moderator"),
                    ("triage", "Triage"),
                    ("support", "Support"),
                    ("auditor", "Auditor"),
                ],
                max_length=16,
            ),
        ),
    ]
