"""What kind of DID a host's new accounts get."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosting", "0003_admission")]
    operations = [
        migrations.AddField(
            model_name="host",
            name="did_method",
            field=models.CharField(
                choices=[
                    ("plc", "did:plc: theirs to take anywhere"),
                    ("web", "did:web: bound to this host's handle domain"),
                ],
                default="plc",
                max_length=8,
            ),
        )
    ]
