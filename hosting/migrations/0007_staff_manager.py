"""Staff are made by a manager that checks passwords."""

from django.db import migrations

import hosting.models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0006_blob_quota_of_the_platform"),
    ]

    operations = [
        migrations.AlterModelManagers(
            name="staffuser",
            managers=[
                ("objects", hosting.models.StaffManager()),
            ],
        ),
    ]
