"""A row of `blob_fetch` for each repo that misses blobs, also where no old host is known, and an
index for a repo's newest import."""

from django.db import migrations, models

_STOPPED = """
    INSERT INTO blob_fetch (repo_id, origin, state, fetched_count, attempts, next_attempt_at,
                            last_error, created_at, decided_at)
    SELECT DISTINCT u.repo_id, '', 'stopped', 0, 0, now(), '', now(), now()
    FROM blob_use u
    WHERE NOT EXISTS (SELECT FROM blob b WHERE b.repo_id = u.repo_id AND b.cid = u.cid)
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0009_preferences_of_moves"),
    ]

    operations = [
        migrations.RunSQL(_STOPPED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="importjob",
            index=models.Index(fields=["repo_id", "id"], name="import_job_of_repo"),
        ),
    ]
