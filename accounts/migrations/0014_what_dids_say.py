"""What an account's DID was last seen to say, and whether it names another host by now."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_keys_serve_their_owners")]
    operations = [
        migrations.AddField(
            "account", "did_document", models.TextField(blank=True, default="", db_default="")
        ),
        migrations.AddField("account", "did_seen_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddField(
            "account", "did_looked_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.AddField(
            "account", "has_rotation_key", models.BooleanField(null=True, blank=True)
        ),
        migrations.AddField(
            "account", "moved_away_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.AddIndex(
            "account",
            models.Index(
                F("did_looked_at").asc(nulls_first=True),
                name="account_did_looked_at",
                condition=Q(opened_at__isnull=False),
            ),
        ),
    ]
