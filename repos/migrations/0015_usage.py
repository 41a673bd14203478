"""What each repo comes to and counts in a day, what each tenant's blobs come to.

Counts what is there already: a second for some 100,000 records.
"""

from django.db import migrations, models

import hosting.plans.quotas
from server.database.sql_files import run_sql_file

OLD_FUNCTIONS = """
    DROP FUNCTION IF EXISTS apply_commits(
        bigint[], text[], text[], bytea[], bytea[], bytea[], integer[], bigint[], integer[],
        bytea[], bigint[], text[], text[], bigint[], text[], text[], bytea[], text[], text[],
        bytea[], bigint[], bytea[], bigint[], bytea[], text[], bytea[], bigint[], text[], text[],
        bytea[], text[]);
    DROP FUNCTION IF EXISTS apply_delegated_commits(
        bigint[], text[], text[], bigint[], text[], text[], bytea[], bytea[], bytea[], integer[],
        bigint[], integer[], bytea[], bigint[], text[], text[], bigint[], text[], text[], bytea[],
        text[], text[], bytea[], bigint[], bytea[], bigint[], bytea[], text[], bytea[], bigint[],
        text[], text[], bytea[], text[]);
    DROP FUNCTION IF EXISTS stage_blob(bigint, bytea, text, bigint, text, bigint);
"""
DAY_OF_NEW_REPOS = """
    ALTER TABLE repo ALTER counted_on SET DEFAULT (now() AT TIME ZONE 'utc')::date
"""
COUNT_RECORDS = """
    UPDATE repo r SET record_bytes = c.size
    FROM (SELECT repo_id, sum(octet_length(data)) AS size FROM record GROUP BY repo_id) c
    WHERE r.id = c.repo_id
"""
COUNT_BLOBS = """
    UPDATE blob_usage u SET tenant_id = h.tenant_id
    FROM repo r JOIN host h ON h.id = r.host_id WHERE r.id = u.repo_id;
    INSERT INTO tenant_storage (tenant_id, shard, blob_bytes)
    SELECT tenant_id, 0, sum(used_bytes) FROM blob_usage WHERE tenant_id IS NOT NULL
    GROUP BY tenant_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0014_denied_blobs_of_host"),
        ("accounts", "0023_account_limits"),
        ("hosting", "0008_plans"),
    ]

    operations = [
        migrations.AddField(
            model_name="blobusage",
            name="tenant_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="repo",
            name="record_bytes",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="repo",
            name="writes_today",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="repo",
            name="uploads_today",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="repo",
            name="counted_on",
            field=models.DateField(default=hosting.plans.quotas.today),
        ),
        migrations.RunSQL(DAY_OF_NEW_REPOS),
        migrations.RunSQL(COUNT_RECORDS),
        migrations.RunSQL(COUNT_BLOBS),
        migrations.RunSQL(OLD_FUNCTIONS),
        run_sql_file("repos", "apply_commits"),
        run_sql_file("repos", "apply_delegated_commits"),
        run_sql_file("repos", "stage_blob"),
        run_sql_file("repos", "blob_usage"),
        run_sql_file("repos", "account_days"),
    ]
