"""Deeds of controllers counted by the minute; DIDs indexed once, not for searches by prefix, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_announced_suspended_at")]
    operations = [
        migrations.AddField("delegateddeed", "count", models.IntegerField(default=1, db_default=1)),
        migrations.AlterField("delegation", "controller_did", models.CharField(max_length=2048)),
        migrations.AddIndex(
            "delegation",
            models.Index(fields=["controller_did"], name="delegation_of_controller"),
        ),
        migrations.AlterField("controllersession", "did", models.CharField(max_length=2048)),
        migrations.AddIndex(
            "controllersession",
            models.Index(fields=["did"], name="controller_session_of_did"),
        ),
    ]
