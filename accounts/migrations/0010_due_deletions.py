"""Found with a million accounts: deletions that are due are asked for every minute, and that was a
walk through all accounts; and Django makes a second index of a key that is text, for LIKE."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_identities")]
    operations = [
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                fields=["delete_after"],
                name="account_delete_after",
                condition=Q(delete_after__isnull=False),
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX IF EXISTS signing_key_did_key_76feee1b_like", migrations.RunSQL.noop
        ),
    ]
