"""When a suspension ends, whether files may be uploaded, and networks that may not sign up."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_sign_in_ways"),
        ("hosting", "0003_wants_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignUpBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("network", models.CharField(max_length=50)),
                ("reason", models.TextField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "sign_up_block",
            },
        ),
        migrations.AddField(
            model_name="account",
            name="suspended_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="uploads_blocked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="signupblock",
            name="host",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sign_up_blocks",
                to="hosting.host",
            ),
        ),
        migrations.AddConstraint(
            model_name="signupblock",
            constraint=models.UniqueConstraint(
                fields=("host", "network"), name="sign_up_block_once_a_host"
            ),
        ),
    ]
