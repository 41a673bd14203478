"""The index by which it is counted what one of the staff did lately."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0016_action_limits")]
    operations = [
        BuildIndex(
            "auditentry",
            models.Index(
                fields=["staff", "action", "created_at"],
                name="audit_entry_by_staff",
                condition=Q(staff__isnull=False),
            ),
        ),
    ]
