"""When relays were asked to read us, and how far a restored firehose was announced."""

from django.db import migrations, models

CRAWL_PING = migrations.CreateModel(
    name="CrawlPing",
    fields=[
        (
            "id",
            models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        ("host_id", models.BigIntegerField()),
        ("relay", models.TextField()),
        (
            "state",
            models.TextField(
                choices=[("asking", "Asking"), ("asked", "Asked"), ("failed", "Failed")]
            ),
        ),
        ("seq", models.BigIntegerField()),
        ("last_asked_at", models.DateTimeField()),
        ("last_error", models.TextField(blank=True)),
    ],
    options={
        "db_table": "crawl_ping",
        "constraints": [
            models.UniqueConstraint(
                fields=("host_id", "relay"), name="crawl_ping_is_one_a_host_and_relay"
            )
        ],
    },
)

FIREHOSE_RESTORE = migrations.CreateModel(
    name="FirehoseRestore",
    fields=[
        (
            "id",
            models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        ("host_id", models.BigIntegerField()),
        ("step", models.BigIntegerField()),
        ("last_repo_id", models.BigIntegerField(default=0)),
        ("begun_at", models.DateTimeField(auto_now_add=True)),
        ("ended_at", models.DateTimeField(null=True)),
    ],
    options={
        "db_table": "firehose_restore",
        "constraints": [
            models.UniqueConstraint(
                fields=("host_id",),
                condition=models.Q(("ended_at__isnull", True)),
                name="firehose_restore_is_one_at_a_time",
            )
        ],
    },
)


class Migration(migrations.Migration):
    dependencies = [("repos", "0003_import_job")]
    # repos.events.partitions drops them one by one, each in a transaction of its own.
    operations = [
        CRAWL_PING,
        FIREHOSE_RESTORE,
        migrations.RunSQL("DROP FUNCTION drop_event_partitions(integer)", migrations.RunSQL.noop),
    ]
