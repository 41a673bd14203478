"""An account's sessions are found by `session_by_lineage`, which begins with the account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_what_dids_say")]
    operations = [
        migrations.AlterField(
            model_name="session",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to="accounts.account",
            ),
        )
    ]
