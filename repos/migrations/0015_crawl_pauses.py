"""Crawl requests again after a failure, at growing pauses, and when a reader has gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repos", "0014_first_rev")]

    operations = [
        migrations.AddField(
            "CrawlPing", "failures", models.SmallIntegerField(db_default=0, default=0)
        ),
        migrations.AddField(
            "CrawlPing", "is_wanted", models.BooleanField(db_default=False, default=False)
        ),
    ]
