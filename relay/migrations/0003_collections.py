"""Collections of outside repos, and how far events were read for them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("relay", "0002_take_inside"),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectoryMark",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "db_table": "relay_directory_mark",
            },
        ),
        migrations.CreateModel(
            name="DescribedRepo",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="relay.relayaccount",
                    ),
                ),
                ("ask_at", models.DateTimeField(null=True)),
                ("failures", models.SmallIntegerField(db_default=0, default=0)),
            ],
            options={
                "db_table": "relay_described_repo",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ask_at__isnull", False)),
                        fields=["ask_at"],
                        name="relay_repo_to_describe",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RelayCollection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("collection", models.TextField(db_collation="C")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="relay.relayaccount"
                    ),
                ),
            ],
            options={
                "db_table": "relay_collection",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("collection", "account"), name="relay_collection_is_one_an_account"
                    )
                ],
            },
        ),
    ]
