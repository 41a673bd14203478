"""Lexicons of the network, as their authorities publish them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0010_blob_fetches"),
    ]

    operations = [
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
    ]
