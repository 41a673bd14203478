"""The index by which the sweep finds suspensions that are over."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0013_suspensions")]
    operations = [
        BuildIndex(
            "account",
            models.Index(
                fields=["suspended_until"],
                name="account_suspended_until",
                condition=Q(suspended_until__isnull=False),
            ),
        ),
    ]
