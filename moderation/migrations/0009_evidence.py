"""Evidence: what reports were about, kept although its author deletes it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0007_staff_manager"),
        ("moderation", "0008_stages_and_sign_ins"),
    ]

    operations = [
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("did", models.CharField(max_length=2048)),
                ("path", models.CharField(max_length=1024)),
                ("cid", models.CharField(max_length=100)),
                ("data", models.BinaryField()),
                ("size_bytes", models.BigIntegerField()),
                ("reported_by", models.CharField(max_length=2048)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kept_until", models.DateTimeField(db_index=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "evidence",
            },
        ),
        migrations.AddField(
            model_name="report",
            name="evidence",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reports",
                to="moderation.evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(
                fields=("host", "did", "path", "cid"), name="evidence_once_a_version"
            ),
        ),
    ]
