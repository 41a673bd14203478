"""What is left of deleted accounts, until it is removed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0007_one_did_a_host"),
    ]

    operations = [
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
    ]
