"""Hosts that wait to be read, and those that staff changed, by an index each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relay", "0004_moves_inside")]

    operations = [
        migrations.AddField("relayhost", "changed_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "relayhost",
            models.Index(
                fields=["retry_at"],
                condition=models.Q(
                    ("connected_at__isnull", True),
                    ("inside_id__isnull", True),
                    ("is_crawl_wanted", True),
                ),
                name="relay_host_waiting",
            ),
        ),
        migrations.AddIndex(
            "relayhost",
            models.Index(
                fields=["changed_at"],
                condition=models.Q(("changed_at__isnull", False)),
                name="relay_host_changed",
            ),
        ),
    ]
