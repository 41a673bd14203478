"""The first rev that a repo has at this host.

For repos that are there, as far as their records tell: the oldest record's, else the head's.
"""

from django.db import migrations, models

_SO_FAR = """
UPDATE repo SET first_rev = coalesce(
    (SELECT min(rev) FROM record WHERE record.repo_id = repo.id), rev
)
"""


class Migration(migrations.Migration):
    dependencies = [("repos", "0013_dropped_events")]

    operations = [
        migrations.AddField(
            "Repo", "first_rev", models.TextField(db_collation="C", default="", db_default="")
        ),
        migrations.RunSQL(_SO_FAR, migrations.RunSQL.noop),
    ]
