"""The tables. Partitioned ones are SQL, because Django cannot say PARTITION BY."""

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

# A new day's table is filled, if its rows had to wait in the default partition, before it is
# attached: attaching takes a weaker lock than CREATE TABLE ... PARTITION OF.
PARTITIONS = """
CREATE FUNCTION ensure_event_partitions(p_days integer) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' SET client_min_messages = 'warning' AS $$
DECLARE
    v_day date;
    v_name text;
    v_made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_event_partitions'));
    FOR v_day IN SELECT current_date + n FROM generate_series(0, p_days) n LOOP
        v_name := 'event_' || to_char(v_day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', v_name);
        EXECUTE format(
            'WITH late AS (DELETE FROM event_default WHERE created_at >= %L AND created_at < %L RETURNING *)
             INSERT INTO %I SELECT * FROM late', v_day, v_day + 1, v_name);
        EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       v_name, v_day, v_day + 1);
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END $$;

CREATE FUNCTION drop_event_partitions(p_keep_days integer) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    v_name text;
    v_dropped integer := 0;
BEGIN
    FOR v_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{8}$'
          AND to_date(right(c.relname, 8), 'YYYYMMDD') < current_date - p_keep_days
    LOOP
        EXECUTE format('DROP TABLE %I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    DELETE FROM event_default WHERE created_at < current_date - p_keep_days;
    RETURN v_dropped;
END $$;

SELECT ensure_event_partitions(3);
"""


def hash_partitions(table: str) -> str:
    """As many partitions as the deployment's setting says; fixed from here on."""
    count = settings.RECORD_PARTITIONS
    return "".join(
        f"CREATE TABLE {table}_{n} PARTITION OF {table} "
        f"FOR VALUES WITH (MODULUS {count}, REMAINDER {n});\n"
        for n in range(count)
    )


def by_sql(sql: str, drop: str, *state: migrations.operations.base.Operation):
    return migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(sql, drop)], state_operations=list(state)
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Repo",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("did", models.TextField(unique=True)),
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
            ],
            options={
                "db_table": "repo",
                "indexes": [models.Index(fields=["host_id", "id"], name="repo_by_host")],
                "constraints": [
                    models.CheckConstraint(
                        name="repo_status_is_known",
                        condition=models.Q(
                            status__in=["active", "deactivated", "suspended", "takendown"]
                        ),
                    ),
                    models.CheckConstraint(
                        name="repo_has_no_negative_records",
                        condition=models.Q(record_count__gte=0),
                    ),
                ],
            },
        ),
        # Every commit updates its repo's row: room on the page keeps the update off the indexes.
        migrations.RunSQL("ALTER TABLE repo SET (fillfactor = 70)", migrations.RunSQL.noop),
        by_sql(
            RECORD + hash_partitions("record"),
            "DROP TABLE record",
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
                options={"db_table": "record"},
            ),
        ),
        by_sql(
            NODE + hash_partitions("node"),
            "DROP TABLE node",
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
                options={"db_table": "node"},
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
                        choices=[("staged", "Staged"), ("live", "Live"), ("idle", "Idle")],
                        default="staged",
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "blob",
                "indexes": [
                    models.Index(
                        fields=["changed_at"],
                        name="blob_to_sweep",
                        condition=~models.Q(state="live"),
                    )
                ],
            },
        ),
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
            ],
            options={"db_table": "event_counter"},
        ),
        by_sql(
            EVENT + PARTITIONS,
            "DROP TABLE event; DROP SEQUENCE event_id_seq; "
            "DROP FUNCTION ensure_event_partitions; DROP FUNCTION IF EXISTS drop_event_partitions;",
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
                options={"db_table": "event"},
            ),
        ),
    ]
