"""An index for staff who ask which accounts come from one network."""

from django.db import migrations, models

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0016_held_at")]
    operations = [
        BuildIndex("signin", models.Index(fields=["place", "account"], name="sign_in_by_place"))
    ]
