"""A DID has one repo at a host: two hosts have one each while an account moves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repos", "0006_record_takedowns")]

    operations = [
        migrations.AlterField("repo", "did", models.TextField()),
        migrations.AddConstraint(
            "repo",
            models.UniqueConstraint(fields=["did", "host_id"], name="repo_did_is_unique_a_host"),
        ),
    ]
