"""What lists on the console call accounts and invite codes, so that it can be translated."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_due_deletions")]
    operations = [
        migrations.AlterModelOptions(
            name="account",
            options={"verbose_name": "account", "verbose_name_plural": "accounts"},
        ),
        migrations.AlterModelOptions(
            name="invitecode",
            options={"verbose_name": "invite code", "verbose_name_plural": "invite codes"},
        ),
    ]
