"""Reserved keys, did:web identities that we serve, handles of other domains, and what updates are for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_arrivals"),
        ("hosting", "0003_admission"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomHandle",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="custom_handle",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("next_check_at", models.DateTimeField()),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("failure_count", models.PositiveIntegerField(default=0)),
                ("lost_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "custom_handle",
            },
        ),
        migrations.CreateModel(
            name="ReservedKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.CharField(blank=True, max_length=2048)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "reserved_key",
            },
        ),
        migrations.CreateModel(
            name="WebIdentity",
            fields=[
                ("did", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("also_known_as", models.JSONField(default=list)),
                ("verification_methods", models.JSONField(default=dict)),
                ("services", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table": "web_identity",
            },
        ),
        migrations.AddField(
            model_name="plcoperation",
            name="new_handle",
            field=models.CharField(blank=True, max_length=253),
        ),
        migrations.AddField(
            model_name="plcoperation",
            name="new_signing_did_key",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddConstraint(
            model_name="plcoperation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state", "pending"), models.Q(("new_handle", ""), _negated=True)
                ),
                fields=("new_handle",),
                name="plc_operation_keeps_a_handle_once",
            ),
        ),
        migrations.AddIndex(
            model_name="customhandle",
            index=models.Index(fields=["next_check_at"], name="custom_handle_due"),
        ),
        migrations.AddField(
            model_name="reservedkey",
            name="host",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="hosting.host"),
        ),
        migrations.AddField(
            model_name="reservedkey",
            name="key",
            field=models.OneToOneField(
                db_column="did_key",
                on_delete=django.db.models.deletion.CASCADE,
                to="accounts.signingkey",
            ),
        ),
        migrations.AddField(
            model_name="webidentity",
            name="account",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="web_identity",
                to="accounts.account",
            ),
        ),
        migrations.AddField(
            model_name="webidentity",
            name="host",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="web_identities",
                to="hosting.host",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservedkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("did", ""), _negated=True),
                fields=("host", "did"),
                name="reserved_key_is_one_a_did",
            ),
        ),
    ]
