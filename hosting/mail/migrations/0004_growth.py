"""Indexes for a list that costs the same however much mail there is."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("mail", "0003_leased_jobs")]
    operations = [
        BuildIndex(
            "outgoingmail", models.Index(fields=["host", "id"], name="outgoing_mail_by_host")
        ),
        BuildIndex(
            "outgoingmail",
            models.Index(
                fields=["state", "id"], name="outgoing_mail_not_sent", condition=~Q(state="sent")
            ),
        ),
    ]
