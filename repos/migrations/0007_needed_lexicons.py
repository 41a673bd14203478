"""Lexicons that somebody here depends on are told from those that were only looked at.

Of the ones that are there nobody knows; they count as needed until they are needed no more.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repos", "0006_archives")]
    operations = [
        migrations.AddField("NetworkLexicon", "needed_at", models.DateTimeField(null=True)),
        migrations.RunSQL(
            "UPDATE network_lexicon SET needed_at = resolved_at", migrations.RunSQL.noop
        ),
    ]
