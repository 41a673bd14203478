"""The index by which a host's list of denied files is read."""

from django.db import migrations, models

from server.database.build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("repos", "0013_day_partitions")]
    operations = [
        BuildIndex(
            "deniedblob", models.Index(fields=["host_id", "id"], name="denied_blob_of_host")
        ),
    ]
