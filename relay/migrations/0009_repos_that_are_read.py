"""Which repos are being read, so that of a host it is one at a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relay", "0008_names_inside")]

    operations = [
        migrations.AddField("describedrepo", "read_until", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "describedrepo",
            models.Index(
                condition=models.Q(("read_until__isnull", False)),
                fields=["read_until"],
                name="relay_repo_that_is_read",
            ),
        ),
    ]
