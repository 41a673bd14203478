"""An index for captured letters whose words are still here."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_outbox"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                condition=models.Q(("state", "captured"), models.Q(("text", ""), _negated=True)),
                fields=["expires_at"],
                name="outgoing_mail_captured",
            ),
        ),
    ]
