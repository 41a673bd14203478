"""Repos whose collections are read from themselves, since their hosts do not say."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relay", "0005_hosts_that_wait")]

    operations = [
        migrations.AddField(
            "describedrepo", "by_car", models.BooleanField(db_default=False, default=False)
        ),
    ]
