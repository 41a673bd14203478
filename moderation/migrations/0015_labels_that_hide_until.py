"""The index by which labels that hid something until a date are found when they are over."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0014_abuse_notices")]
    operations = [
        BuildIndex(
            "label",
            models.Index(
                fields=["expires_at"],
                name="label_hiding_until",
                condition=Q(is_current=True, val__startswith="!", expires_at__isnull=False),
            ),
        ),
    ]
