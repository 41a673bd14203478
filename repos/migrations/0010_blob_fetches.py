"""Blobs to be brought from the host where an account lived before (repos.blobs.fetching)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repos", "0009_blobs_in_order")]

    operations = [
        migrations.CreateModel(
            name="BlobFetch",
            fields=[
                ("repo_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("origin", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[("due", "Under way"), ("done", "Done"), ("stopped", "Stopped")],
                        default="due",
                    ),
                ),
                ("next_attempt_at", models.DateTimeField()),
                ("is_running", models.BooleanField(default=False)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("fetched_count", models.BigIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
            ],
            options={"db_table": "blob_fetch"},
        ),
        migrations.AddIndex(
            "blobfetch",
            models.Index(
                fields=["next_attempt_at"],
                name="blob_fetch_due",
                condition=models.Q(("state", "due")),
            ),
        ),
        migrations.CreateModel(
            name="UnfetchedBlob",
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
                ("attempts", models.PositiveIntegerField(default=1)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField()),
            ],
            options={"db_table": "unfetched_blob"},
        ),
    ]
