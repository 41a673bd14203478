"""Blobs that are kept as evidence of reports, whatever their repos do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repos", "0017_record_paths_in_one_look")]

    operations = [
        migrations.CreateModel(
            name="BlobHold",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "repo_id",
                        "cid",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("cid", models.BinaryField()),
                ("mime_type", models.TextField()),
                ("size", models.BigIntegerField()),
                ("key", models.TextField(null=True, unique=True)),
                ("held_until", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "blob_hold"},
        ),
    ]
