"""The index by which the sessions of a delegation go with it: few are of one, so it is small."""

from django.db import migrations, models
from django.db.models import Q

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0018_delegations")]
    operations = [
        BuildIndex(
            "oauthsession",
            models.Index(
                fields=["delegation"],
                name="oauth_session_of_delegation",
                condition=Q(delegation__isnull=False),
            ),
        ),
    ]
