"""Large imports wait here for a worker."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0002_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("repo_id", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("file", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                    ),
                ),
                ("record_count", models.BigIntegerField(default=0)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("lease_ends_at", models.DateTimeField()),
                ("refusal_name", models.TextField(blank=True)),
                ("refusal", models.TextField(blank=True)),
                ("refusal_status", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "import_job",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["lease_ends_at"],
                        name="import_job_to_take_up",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("repo_id",),
                        name="import_job_is_one_at_a_time",
                    )
                ],
            },
        ),
    ]
