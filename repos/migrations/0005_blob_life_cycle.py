"""Where a blob's bytes are, which state may follow which, and what a repo's blobs come to."""

from django.db import migrations, models

from protocol import cid

# The pairs of repos.blobs.states.MOVES between rows; a test compares the two. A blob in quarantine
# that a commit refers to gets the commit's own answer to a blob that is not there (GRB01).
MOVES = """
CREATE FUNCTION refuse_blob_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) IN (
        ('staged', 'live'), ('staged', 'quarantined'),
        ('live', 'idle'), ('live', 'quarantined'),
        ('idle', 'live'), ('idle', 'quarantined'),
        ('quarantined', 'idle')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = CASE OLD.state WHEN 'quarantined' THEN 'GRB01' ELSE 'GRB02' END,
        MESSAGE = encode(OLD.cid, 'hex'),
        DETAIL = format('%s cannot become %s', OLD.state, NEW.state);
END $$;
CREATE TRIGGER blob_moves_as_allowed BEFORE UPDATE OF state ON blob FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION refuse_blob_move();
"""
NO_MOVES = "DROP TRIGGER blob_moves_as_allowed ON blob; DROP FUNCTION refuse_blob_move;"

# Blob rows are locked before their repo's usage, here and in stage_blob; several repos' in order.
USAGE = """
INSERT INTO blob_usage (repo_id, used_bytes, blob_count)
    SELECT repo_id, sum(size), count(*) FROM blob GROUP BY repo_id;
CREATE FUNCTION count_new_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO blob_usage AS u (repo_id, used_bytes, blob_count)
    SELECT repo_id, sum(size), count(*) FROM added GROUP BY repo_id ORDER BY repo_id
    ON CONFLICT (repo_id) DO UPDATE SET used_bytes = u.used_bytes + excluded.used_bytes,
        blob_count = u.blob_count + excluded.blob_count;
    RETURN NULL;
END $$;
CREATE FUNCTION count_gone_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_gone record;
BEGIN
    FOR v_gone IN SELECT repo_id, sum(size) AS used_bytes, count(*) AS blob_count
        FROM removed GROUP BY repo_id ORDER BY repo_id
    LOOP
        UPDATE blob_usage u SET used_bytes = u.used_bytes - v_gone.used_bytes,
            blob_count = u.blob_count - v_gone.blob_count
        WHERE u.repo_id = v_gone.repo_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER blob_is_counted AFTER INSERT ON blob REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_new_blobs();
CREATE TRIGGER blob_is_counted_out AFTER DELETE ON blob REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION count_gone_blobs();
"""
NO_USAGE = """
DROP TRIGGER blob_is_counted ON blob;
DROP TRIGGER blob_is_counted_out ON blob;
DROP FUNCTION count_new_blobs;
DROP FUNCTION count_gone_blobs;
"""

# Takes a written file over: 'kept' with this file, 'known' with the file of an earlier upload,
# 'quarantined', 'full' (the quota; nothing changed), or 'late' (the file is about to be purged).
STAGE = """
CREATE FUNCTION stage_blob(
    p_repo bigint, p_cid bytea, p_mime_type text, p_size bigint, p_key text, p_quota bigint,
    OUT outcome text, OUT stored_type text, OUT used bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_key text;
BEGIN
    INSERT INTO blob AS b (repo_id, cid, mime_type, size, state, key, changed_at, created_at)
    VALUES (p_repo, p_cid, p_mime_type, p_size, 'staged', p_key, now(), now())
    ON CONFLICT (repo_id, cid) DO UPDATE SET changed_at = now() WHERE b.state <> 'quarantined'
    RETURNING b.mime_type, b.key INTO stored_type, v_key;
    IF NOT FOUND THEN
        outcome := 'quarantined';
        RETURN;
    END IF;
    IF v_key <> p_key THEN
        outcome := 'known';
        RETURN;
    END IF;
    DELETE FROM doomed_file WHERE key = p_key AND due_at > now() + interval '1 hour';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'late';
    END IF;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
    IF used > p_quota THEN
        RAISE EXCEPTION USING ERRCODE = 'GRB03', MESSAGE = 'full';
    END IF;
    outcome := 'kept';
EXCEPTION WHEN SQLSTATE 'GRB03' THEN
    outcome := SQLERRM;
    SELECT used_bytes INTO used FROM blob_usage WHERE repo_id = p_repo;
END $$;
"""


def fill_keys(apps, _editor):
    """Files of before lie at `{tenant}/{did}/{cid}`; from there they are moved (settle_blobs)."""
    blob_model, repo_model = apps.get_model("repos", "Blob"), apps.get_model("repos", "Repo")
    hosts = dict(apps.get_model("hosting", "Host").objects.values_list("pk", "tenant_id"))
    for blob in blob_model.objects.all().iterator():
        repo = repo_model.objects.get(pk=blob.repo_id)
        key = f"{hosts[repo.host_id]}/{repo.did}/{cid.to_text(bytes(blob.cid))}"
        blob_model.objects.filter(repo_id=blob.repo_id, cid=blob.cid).update(key=key)


STATES = [
    ("staged", "Staged"),
    ("live", "Live"),
    ("idle", "Idle"),
    ("quarantined", "Quarantined"),
    ("purged", "Purged"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0001_tenants_and_hosts"),
        ("repos", "0004_crawls_and_restores"),
    ]
    operations = [
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
            options={"db_table": "doomed_file"},
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
        migrations.AddField("Blob", "key", models.TextField(null=True)),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.AlterField("Blob", "key", models.TextField(unique=True)),
        migrations.AlterField("Blob", "state", models.TextField(choices=STATES, default="staged")),
        migrations.RemoveIndex("Blob", "blob_to_sweep"),
        migrations.AddIndex(
            "Blob",
            models.Index(
                fields=["changed_at"],
                name="blob_to_sweep",
                condition=models.Q(("state__in", ["staged", "idle"])),
            ),
        ),
        migrations.AddIndex(
            "Blob",
            models.Index(
                fields=["changed_at"],
                name="blob_to_move",
                condition=models.Q(
                    models.Q(("key__startswith", "public/"), ("state", "quarantined")),
                    models.Q(
                        models.Q(("state", "quarantined"), _negated=True),
                        models.Q(("key__startswith", "public/"), _negated=True),
                    ),
                    _connector="OR",
                ),
            ),
        ),
        migrations.AddConstraint(
            "Blob",
            models.CheckConstraint(
                condition=models.Q(("state__in", ["staged", "live", "idle", "quarantined"])),
                name="blob_state_is_known",
            ),
        ),
        migrations.RunSQL(MOVES, NO_MOVES),
        migrations.RunSQL(USAGE, NO_USAGE),
        migrations.RunSQL(STAGE, "DROP FUNCTION stage_blob"),
    ]
