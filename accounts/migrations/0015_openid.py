"""OpenID providers of tenants, and whom they know. New tables, and a way of signing in."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_suspended_index"),
        ("hosting", "0004_triage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="signin",
            name="way",
            field=models.CharField(
                choices=[
                    ("password", "Password"),
                    ("app_password", "App Password"),
                    ("passkey", "Passkey"),
                    ("two_steps", "Two Steps"),
                    ("openid", "Openid"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="OpenIdProvider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("issuer", models.CharField(max_length=500)),
                ("client_id", models.CharField(max_length=300)),
                ("client_secret", models.BinaryField(blank=True, default=b"")),
                (
                    "client_auth",
                    models.CharField(
                        choices=[
                            ("client_secret_basic", "In the header (client_secret_basic)"),
                            ("client_secret_post", "In the form (client_secret_post)"),
                            ("none", "Not at all (public client)"),
                        ],
                        default="client_secret_basic",
                        max_length=30,
                    ),
                ),
                ("scope", models.CharField(default="openid profile email", max_length=300)),
                ("is_enabled", models.BooleanField(default=True)),
                ("is_for_people", models.BooleanField(default=True)),
                ("is_admitting", models.BooleanField(default=False)),
                ("handle_claim", models.CharField(default="preferred_username", max_length=100)),
                ("member_claim", models.CharField(blank=True, max_length=100)),
                ("member_value", models.CharField(blank=True, max_length=300)),
                (
                    "move_out_days",
                    models.PositiveIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(7),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                (
                    "frozen_after_days",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(7),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                ("is_for_staff", models.BooleanField(default=False)),
                ("role_claim", models.CharField(blank=True, max_length=100)),
                ("roles", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="openid_providers",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "openid_provider",
            },
        ),
        migrations.CreateModel(
            name="OpenIdIdentity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=255)),
                ("handle", models.CharField(blank=True, max_length=253)),
                ("linked_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                ("left_why", models.CharField(blank=True, max_length=40)),
                ("was_active", models.BooleanField(default=False)),
                (
                    "account",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="openid_identity",
                        to="accounts.account",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to="accounts.openidprovider",
                    ),
                ),
            ],
            options={
                "db_table": "openid_identity",
            },
        ),
        migrations.CreateModel(
            name="StaffOpenIdIdentity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=255)),
                ("linked_at", models.DateTimeField()),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_identities",
                        to="accounts.openidprovider",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="openid_identity",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "staff_openid_identity",
            },
        ),
        migrations.AddConstraint(
            model_name="openidprovider",
            constraint=models.UniqueConstraint(
                fields=("tenant", "issuer", "client_id"), name="openid_provider_is_unique_a_tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="openididentity",
            index=models.Index(
                condition=models.Q(("left_at__isnull", True)),
                fields=["provider", "seen_at"],
                name="openid_identity_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="openididentity",
            constraint=models.UniqueConstraint(
                fields=("provider", "host", "subject"), name="openid_identity_is_unique_a_host"
            ),
        ),
        migrations.AddConstraint(
            model_name="staffopenididentity",
            constraint=models.UniqueConstraint(
                fields=("provider", "subject"), name="staff_openid_identity_is_unique"
            ),
        ),
    ]
