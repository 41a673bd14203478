"""Delegation: who may act for an account, what they did, and the sessions by which they do."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_sign_ins_by_place"),
        ("hosting", "0004_triage"),
    ]

    operations = [
        migrations.AddField(
            model_name="oauthsession",
            name="actor_did",
            field=models.CharField(blank=True, db_default="", default="", max_length=2048),
        ),
        migrations.CreateModel(
            name="ControllerSession",
            fields=[
                (
                    "token_sha256",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("did", models.CharField(db_index=True, max_length=2048)),
                ("handle", models.CharField(blank=True, max_length=253)),
                ("proved_at", models.DateTimeField(db_index=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "controller_session",
            },
        ),
        migrations.CreateModel(
            name="DelegatedDeed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("controller_did", models.CharField(max_length=2048)),
                ("deed", models.CharField(max_length=200)),
                ("detail", models.TextField(blank=True)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegated_deeds",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "delegated_deed",
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("controller_did", models.CharField(db_index=True, max_length=2048)),
                ("handle", models.CharField(blank=True, max_length=253)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("editor", "Editor"),
                            ("viewer", "Viewer"),
                            ("custom", "Custom"),
                        ],
                        max_length=10,
                    ),
                ),
                ("scope", models.TextField(blank=True)),
                ("invited_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True, null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegations",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "delegation",
            },
        ),
        migrations.AddField(
            model_name="oauthrequest",
            name="delegation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.delegation",
            ),
        ),
        migrations.AddField(
            model_name="oauthsession",
            name="delegation",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to="accounts.delegation",
            ),
        ),
        migrations.AddConstraint(
            model_name="oauthsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("actor_did", ""), ("delegation__isnull", True)),
                    models.Q(
                        ("delegation__isnull", False), models.Q(("actor_did", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="oauth_session_of_a_delegation_has_an_actor",
            ),
        ),
        migrations.AddIndex(
            model_name="delegateddeed",
            index=models.Index(fields=["account", "-at"], name="delegated_deed_of_account"),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.UniqueConstraint(
                fields=("account", "controller_did"), name="delegation_is_one_a_controller"
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at__isnull", True), ("expires_at__isnull", False)),
                    models.Q(("accepted_at__isnull", False), ("expires_at__isnull", True)),
                    _connector="OR",
                ),
                name="delegation_is_invited_or_accepted",
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role", "custom"), ("scope", ""), _connector="OR"),
                name="delegation_has_scopes_of_its_own_or_a_role",
            ),
        ),
    ]
