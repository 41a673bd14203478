"""Reports to the host's own desk (moderation.desk.reports)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_admin_api")]
    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
                ("reported_by", models.CharField(max_length=2048, verbose_name="reported by")),
                ("reason_type", models.CharField(max_length=300, verbose_name="kind")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("subject_did", models.CharField(max_length=2048, verbose_name="about")),
                (
                    "subject_uri",
                    models.CharField(blank=True, max_length=8192, verbose_name="record"),
                ),
                ("subject_cid", models.CharField(blank=True, max_length=256)),
                ("tool", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "db_table": "report",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["host", "id"], name="report_by_host")],
            },
        )
    ]
