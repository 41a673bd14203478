"""The relay's tables. The one of events is SQL, because Django cannot say PARTITION BY."""

import django.db.models.deletion
from django.db import migrations, models

# Frames are CAR slices full of hashes: compressing them costs time and saves nothing.
EVENT = """
CREATE TABLE relay_event (
    seq bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    relay_id smallint NOT NULL DEFAULT 1,
    host_id bigint NOT NULL,
    did text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    seq_at integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (seq, created_at)
) PARTITION BY RANGE (created_at);
ALTER TABLE relay_event ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX relay_event_by_did ON relay_event (did);
CREATE TABLE relay_event_default PARTITION OF relay_event DEFAULT;
SELECT ensure_day_partitions('relay_event', 3);
INSERT INTO relay_counter (relay_id) VALUES (0), (1);
"""

# An account changes with each commit: without an index on what changes, and with room on the page,
# the new version of the row stays beside the old one.
ACCOUNT = "ALTER TABLE relay_account SET (fillfactor = 70)"


def by_sql(sql: str, model: migrations.CreateModel):
    """A table made by SQL, and the model that stands for it."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(sql)], state_operations=[model]
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [("repos", "0013_day_partitions")]

    operations = [
        migrations.CreateModel(
            name="DomainBan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("domain", models.TextField(unique=True)),
                ("reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "relay_domain_ban",
            },
        ),
        migrations.CreateModel(
            name="RelayCounter",
            fields=[
                ("relay_id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("last_seq", models.BigIntegerField(db_default=0, default=0)),
                ("dropped_seq", models.BigIntegerField(db_default=0, default=0)),
                ("inside_position", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "relay_counter",
            },
        ),
        by_sql(
            EVENT,
            migrations.CreateModel(
                name="RelayEvent",
                fields=[
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "seq",
                            "created_at",
                            blank=True,
                            editable=False,
                            primary_key=True,
                            serialize=False,
                        ),
                    ),
                    ("seq", models.BigIntegerField()),
                    ("created_at", models.DateTimeField()),
                    ("relay_id", models.SmallIntegerField(default=1)),
                    ("host_id", models.BigIntegerField()),
                    ("did", models.TextField()),
                    ("kind", models.SmallIntegerField()),
                    ("seq_at", models.IntegerField()),
                    ("body", models.BinaryField()),
                ],
                options={
                    "db_table": "relay_event",
                },
            ),
        ),
        migrations.CreateModel(
            name="RelayHost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hostname", models.TextField(unique=True)),
                ("inside_id", models.BigIntegerField(null=True, unique=True)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("active", "Active"),
                            ("idle", "Idle"),
                            ("offline", "Offline"),
                            ("throttled", "Throttled"),
                            ("banned", "Banned"),
                        ],
                        default="active",
                    ),
                ),
                ("is_trusted", models.BooleanField(default=False)),
                ("seq", models.BigIntegerField(null=True)),
                ("account_count", models.BigIntegerField(db_default=0, default=0)),
                ("account_limit", models.BigIntegerField()),
                ("accepted_count", models.BigIntegerField(db_default=0, default=0)),
                ("last_event_at", models.DateTimeField(null=True)),
                ("connected_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(db_default=0, default=0)),
                ("last_error", models.TextField(blank=True, db_default="", default="")),
                ("retry_at", models.DateTimeField(null=True)),
                ("is_crawl_wanted", models.BooleanField(db_default=True, default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "relay_host",
            },
        ),
        migrations.CreateModel(
            name="RelayAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.TextField(db_collation="C")),
                (
                    "host_status",
                    models.TextField(
                        choices=[
                            ("active", "Active"),
                            ("takendown", "Takendown"),
                            ("suspended", "Suspended"),
                            ("deleted", "Deleted"),
                            ("deactivated", "Deactivated"),
                            ("desynchronized", "Desynchronized"),
                            ("throttled", "Throttled"),
                        ],
                        default="active",
                    ),
                ),
                ("is_throttled", models.BooleanField(default=False)),
                ("taken_down_at", models.DateTimeField(null=True)),
                ("takedown_reason", models.TextField(blank=True, db_default="", default="")),
                ("is_status_told", models.BooleanField(db_default=True, default=True)),
                ("rev", models.TextField(db_default="", default="")),
                ("head", models.BinaryField(null=True)),
                ("data", models.BinaryField(null=True)),
                ("desynchronized_at", models.DateTimeField(null=True)),
                ("repair_after", models.DateTimeField(null=True)),
                ("repair_failures", models.SmallIntegerField(db_default=0, default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="relay.relayhost",
                    ),
                ),
            ],
            options={
                "db_table": "relay_account",
                "indexes": [
                    models.Index(fields=["host", "id"], name="relay_account_by_host"),
                    models.Index(
                        condition=models.Q(("is_status_told", False)),
                        fields=["id"],
                        name="relay_account_untold",
                    ),
                    models.Index(
                        condition=models.Q(("desynchronized_at__isnull", False)),
                        fields=["repair_after"],
                        name="relay_account_to_repair",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("did",), name="relay_account_is_one_a_did")
                ],
            },
        ),
        migrations.CreateModel(
            name="Rejection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField()),
                ("count", models.BigIntegerField()),
                ("last_at", models.DateTimeField()),
                ("last_did", models.TextField(blank=True)),
                ("last_detail", models.TextField(blank=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rejections",
                        to="relay.relayhost",
                    ),
                ),
            ],
            options={
                "db_table": "relay_rejection",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "reason"), name="relay_rejection_is_one_a_host_and_reason"
                    )
                ],
            },
        ),
        migrations.RunSQL(ACCOUNT),
    ]
