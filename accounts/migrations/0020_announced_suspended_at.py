"""Of which accounts the firehose says that their tenant is suspended."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0019_sessions_of_delegations")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="announced_suspended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        BuildIndex(
            "account",
            models.Index(
                fields=["host", "id"],
                name="account_announced_suspended",
                condition=Q(announced_suspended_at__isnull=False),
            ),
        ),
    ]
