"""A host may have services of its own: app view, reports, moderation."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_did_method"),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="appview_cdn",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="host",
            name="appview_did",
            field=models.CharField(blank=True, max_length=2048),
        ),
        migrations.AddField(
            model_name="host",
            name="appview_url",
            field=models.URLField(blank=True),
        ),
        migrations.AddField(
            model_name="host",
            name="moderation_url",
            field=models.URLField(blank=True),
        ),
        migrations.AddField(
            model_name="host",
            name="report_did",
            field=models.CharField(blank=True, max_length=2048),
        ),
        migrations.AddField(
            model_name="host",
            name="report_url",
            field=models.URLField(blank=True),
        ),
    ]
