"""Staff are made by a manager that checks passwords."""

from django.db import migrations

import hosting.models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0005_services_of_a_host"),
    ]

    operations = [
        migrations.AlterModelManagers(
            name="staffuser",
            managers=[
                ("objects", hosting.models.StaffManager()),
            ],
        ),
    ]
