"""Holds on repos: nothing of them is removed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0010_missing_blobs"),
    ]

    operations = [
        migrations.CreateModel(
            name="RepoHold",
            fields=[
                ("repo_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("host_id", models.BigIntegerField()),
                ("did", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("head", models.BinaryField(null=True)),
                ("commit", models.BinaryField(null=True)),
                ("rev", models.TextField(blank=True, default="")),
                ("record_count", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "repo_hold",
            },
        ),
    ]
