"""Repos, records, blobs and events: the tables of version 0.1.

Partitioned ones are SQL, because Django cannot say PARTITION BY.
"""

from django.conf import settings
from django.db import migrations, models

RECORD = """
CREATE TABLE record (
    repo_id bigint NOT NULL,
    collection text COLLATE "C" NOT NULL,
    rkey text COLLATE "C" NOT NULL,
    cid bytea NOT NULL,
    rev text COLLATE "C" NOT NULL,
    subject text COLLATE "C",
    data bytea NOT NULL,
    PRIMARY KEY (repo_id, collection, rkey)
) PARTITION BY HASH (repo_id);
CREATE INDEX record_by_rev ON record (repo_id, rev);
CREATE INDEX record_by_subject ON record (repo_id, collection, subject) WHERE subject IS NOT NULL;
"""

# Only record paths get into the table, whatever way they come. Source: atproto.com/specs/record-key,
# nsid. A backstop behind `syntax.is_record_path`: the lengths of a domain's labels are left to that,
# because Postgres takes ten times as long for repeats with bounds. A key is not `.` and not `..`: it
# has something else among its first three, or three dots. One expression, because Postgres prepares a
# constraint anew for every statement. NOT VALID, because repos of the first versions hold others until
# `manage.py repo remove-invalid`.
RECORD_PATH = r"""
ALTER TABLE record ADD CONSTRAINT record_path CHECK (
    collection || '/' || rkey ~ ('^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+\.[a-zA-Z][a-zA-Z0-9]*/'
        '(?:\.?\.?[a-zA-Z0-9_:~-]|\.\.\.)[a-zA-Z0-9._:~-]*$')
    AND octet_length(collection) <= 317 AND octet_length(rkey) <= 512
) NOT VALID
"""

NODE = """
CREATE TABLE node (
    repo_id bigint NOT NULL,
    cid bytea NOT NULL,
    rev text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (repo_id, cid)
) PARTITION BY HASH (repo_id);
"""

# Bodies are CAR slices full of hashes: compressing them costs time and saves nothing.
EVENT = """
CREATE SEQUENCE event_id_seq;
CREATE TABLE event (
    id bigint NOT NULL DEFAULT nextval('event_id_seq'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    host_id bigint NOT NULL,
    repo_id bigint NOT NULL,
    did text NOT NULL,
    kind smallint NOT NULL,
    seq_at integer NOT NULL,
    seq bigint,
    position bigint,
    body bytea NOT NULL,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
ALTER TABLE event ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX event_pending ON event (id) WHERE seq IS NULL;
CREATE INDEX event_by_seq ON event (host_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX event_by_position ON event (position) WHERE position IS NOT NULL;
CREATE INDEX event_by_repo ON event (repo_id);
CREATE TABLE event_default PARTITION OF event DEFAULT;
"""


def hash_partitions(table: str) -> str:
    """As many partitions as the deployment's setting says; fixed from here on."""
    count = settings.RECORD_PARTITIONS
    return "".join(
        f"CREATE TABLE {table}_{n} PARTITION OF {table} "
        f"FOR VALUES WITH (MODULUS {count}, REMAINDER {n});\n"
        for n in range(count)
    )


def by_sql(sql: str, model: migrations.CreateModel):
    """A table made by SQL, and the model that stands for it."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(sql)], state_operations=[model]
    )


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("repos", "0001_tables"),
        ("repos", "0003_import_job"),
        ("repos", "0004_crawls_and_restores"),
        ("repos", "0005_blob_life_cycle"),
        ("repos", "0006_record_takedowns"),
        ("repos", "0007_one_did_a_host"),
        ("repos", "0008_doomed_repos"),
        ("repos", "0010_blob_fetches"),
        ("repos", "0011_network_lexicons"),
        ("repos", "0013_dropped_events"),
        ("repos", "0014_first_rev"),
        ("repos", "0015_crawl_pauses"),
        ("repos", "0016_record_paths"),
        ("repos", "0017_record_paths_in_one_look"),
        ("repos", "0018_blob_holds"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Repo",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("did", models.TextField()),
                ("host_id", models.BigIntegerField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("active", "Active"),
                            ("deactivated", "Deactivated"),
                            ("suspended", "Suspended"),
                            ("takendown", "Taken down"),
                        ],
                        default="active",
                    ),
                ),
                ("head", models.BinaryField()),
                ("rev", models.TextField(db_collation="C")),
                ("data", models.BinaryField()),
                ("commit", models.BinaryField()),
                ("signing_did_key", models.TextField()),
                ("last_event_id", models.BigIntegerField(null=True)),
                ("last_event_at", models.DateTimeField(null=True)),
                ("record_count", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("has_takedowns", models.BooleanField(db_default=False, default=False)),
                ("first_rev", models.TextField(db_collation="C", db_default="", default="")),
            ],
            options={
                "db_table": "repo",
                "indexes": [models.Index(fields=["host_id", "id"], name="repo_by_host")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["active", "deactivated", "suspended", "takendown"])
                        ),
                        name="repo_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("record_count__gte", 0)),
                        name="repo_has_no_negative_records",
                    ),
                    models.UniqueConstraint(
                        fields=("did", "host_id"), name="repo_did_is_unique_a_host"
                    ),
                ],
            },
        ),
        # Every commit updates its repo's row: room on the page keeps the update off the indexes.
        migrations.RunSQL("ALTER TABLE repo SET (fillfactor = 70)"),
        by_sql(
            RECORD + hash_partitions("record") + RECORD_PATH,
            migrations.CreateModel(
                name="Record",
                fields=[
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "repo_id",
                            "collection",
                            "rkey",
                            blank=True,
                            editable=False,
                            primary_key=True,
                            serialize=False,
                        ),
                    ),
                    ("repo_id", models.BigIntegerField()),
                    ("collection", models.TextField(db_collation="C")),
                    ("rkey", models.TextField(db_collation="C")),
                    ("cid", models.BinaryField()),
                    ("rev", models.TextField(db_collation="C")),
                    ("subject", models.TextField(db_collation="C", null=True)),
                    ("data", models.BinaryField()),
                ],
                options={
                    "db_table": "record",
                },
            ),
        ),
        by_sql(
            NODE + hash_partitions("node"),
            migrations.CreateModel(
                name="Node",
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
                    ("rev", models.TextField(db_collation="C")),
                    ("data", models.BinaryField()),
                ],
                options={
                    "db_table": "node",
                },
            ),
        ),
        migrations.CreateModel(
            name="Blob",
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
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("staged", "Staged"),
                            ("live", "Live"),
                            ("idle", "Idle"),
                            ("quarantined", "Quarantined"),
                            ("purged", "Purged"),
                        ],
                        default="staged",
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("key", models.TextField()),
            ],
            options={
                "db_table": "blob",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["staged", "idle"])),
                        fields=["changed_at"],
                        name="blob_to_sweep",
                    ),
                    models.Index(
                        condition=models.Q(
                            models.Q(("key__startswith", "public/"), ("state", "quarantined")),
                            models.Q(
                                models.Q(("state", "quarantined"), _negated=True),
                                models.Q(("key__startswith", "public/"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        fields=["changed_at"],
                        name="blob_to_move",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["staged", "live", "idle", "quarantined"])
                        ),
                        name="blob_state_is_known",
                    )
                ],
            },
        ),
        # A step of its own gives the constraint the name that it has in databases of before.
        migrations.AlterField("Blob", "key", models.TextField(unique=True)),
        migrations.CreateModel(
            name="BlobUse",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "repo_id",
                        "collection",
                        "rkey",
                        "cid",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("collection", models.TextField(db_collation="C")),
                ("rkey", models.TextField(db_collation="C")),
                ("cid", models.BinaryField()),
                ("rev", models.TextField(db_collation="C")),
            ],
            options={
                "db_table": "blob_use",
                "indexes": [models.Index(fields=["repo_id", "cid"], name="blob_use_by_cid")],
            },
        ),
        migrations.CreateModel(
            name="EventCounter",
            fields=[
                ("host_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_seq", models.BigIntegerField(default=0)),
                ("dropped_seq", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "db_table": "event_counter",
            },
        ),
        by_sql(
            EVENT,
            migrations.CreateModel(
                name="Event",
                fields=[
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "id",
                            "created_at",
                            blank=True,
                            editable=False,
                            primary_key=True,
                            serialize=False,
                        ),
                    ),
                    ("id", models.BigIntegerField()),
                    ("created_at", models.DateTimeField()),
                    ("host_id", models.BigIntegerField()),
                    ("repo_id", models.BigIntegerField()),
                    ("did", models.TextField()),
                    ("kind", models.SmallIntegerField()),
                    ("seq_at", models.IntegerField()),
                    ("seq", models.BigIntegerField(null=True)),
                    ("position", models.BigIntegerField(null=True)),
                    ("body", models.BinaryField()),
                ],
                options={
                    "db_table": "event",
                },
            ),
        ),
        migrations.CreateModel(
            name="ImportJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("file", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                    ),
                ),
                ("record_count", models.BigIntegerField(default=0)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("lease_ends_at", models.DateTimeField()),
                ("refusal_name", models.TextField(blank=True)),
                ("refusal", models.TextField(blank=True)),
                ("refusal_status", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "import_job",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["lease_ends_at"],
                        name="import_job_to_take_up",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("repo_id",),
                        name="import_job_is_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
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
                ("failures", models.SmallIntegerField(db_default=0, default=0)),
                ("is_wanted", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "db_table": "crawl_ping",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host_id", "relay"), name="crawl_ping_is_one_a_host_and_relay"
                    )
                ],
            },
        ),
        migrations.CreateModel(
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
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("host_id",),
                        name="firehose_restore_is_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BlobUsage",
            fields=[
                ("repo_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("used_bytes", models.BigIntegerField(default=0)),
                ("blob_count", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "blob_usage",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("blob_count__gte", 0), ("used_bytes__gte", 0)),
                        name="blob_usage_is_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DoomedFile",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "doomed_file",
            },
        ),
        migrations.CreateModel(
            name="DeniedBlob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host_id", models.BigIntegerField(null=True)),
                ("cid", models.BinaryField()),
                ("reason", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "denied_blob",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cid", "host_id"),
                        name="denied_blob_once_a_host",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecordTakedown",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "repo_id",
                        "collection",
                        "rkey",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("collection", models.TextField(db_collation="C")),
                ("rkey", models.TextField(db_collation="C")),
                ("ref", models.TextField(default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "record_takedown",
            },
        ),
        migrations.CreateModel(
            name="DoomedRepo",
            fields=[
                ("repo_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("host_id", models.BigIntegerField()),
                ("did", models.TextField()),
                ("last_event_id", models.BigIntegerField()),
                ("lease_ends_at", models.DateTimeField(db_index=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "doomed_repo",
            },
        ),
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
            options={
                "db_table": "blob_fetch",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "due")),
                        fields=["next_attempt_at"],
                        name="blob_fetch_due",
                    )
                ],
            },
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
            options={
                "db_table": "unfetched_blob",
            },
        ),
        migrations.CreateModel(
            name="NetworkLexicon",
            fields=[
                ("nsid", models.TextField(primary_key=True, serialize=False)),
                ("is_wanted", models.BooleanField(default=True)),
                ("due_at", models.DateTimeField()),
                ("did", models.TextField(default="")),
                ("cid", models.BinaryField(null=True)),
                ("document", models.BinaryField(null=True)),
                ("failure", models.TextField(default="")),
                ("claimed_did", models.TextField(default="")),
                ("resolved_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "network_lexicon",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_wanted", True)),
                        fields=["due_at"],
                        name="network_lexicon_wanted",
                    )
                ],
            },
        ),
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
            options={
                "db_table": "blob_hold",
            },
        ),
    ]
