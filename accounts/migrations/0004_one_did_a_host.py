"""A DID and a handle are unique at a host: two hosts have them while an account moves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_app_passwords")]

    operations = [
        migrations.RemoveConstraint("account", "account_did_is_unique"),
        migrations.RemoveConstraint("account", "account_handle_is_unique"),
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(fields=["host", "did"], name="account_did_is_unique"),
        ),
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(fields=["host", "handle"], name="account_handle_is_unique"),
        ),
        migrations.AddIndex("account", models.Index(fields=["did"], name="account_by_did")),
        migrations.AddIndex("account", models.Index(fields=["handle"], name="account_by_handle")),
    ]
