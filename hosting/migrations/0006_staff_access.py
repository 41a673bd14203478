"""How staff get in: sessions that say whose they are, invitations, access of platform staff.

Where there is one tenant alone, platform staff have run it until now: they become its owners.
Whoever is signed in to the console signs in again.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

SOLE_OWNERS = """
    INSERT INTO member (tenant_id, user_id, role)
    SELECT (SELECT id FROM tenant), id, 'owner' FROM staff_user
    WHERE is_platform_staff AND is_active AND (SELECT count(*) FROM tenant) = 1
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sessions", "0001_initial"),
        ("hosting", "0005_about"),
    ]

    operations = [
        migrations.AlterField(
            model_name="staffuser",
            name="is_platform_staff",
            field=models.BooleanField(default=False, help_text="Works for the hosting provider."),
        ),
        migrations.CreateModel(
            name="StaffSession",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("place", models.CharField(blank=True, max_length=100)),
                ("agent", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "host",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="console_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "staff_session",
            },
        ),
        migrations.CreateModel(
            name="StaffInvite",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("moderator", "Moderator"),
                            ("triage", "Triage"),
                            ("support", "Support"),
                            ("auditor", "Auditor"),
                            ("platform", "Platform staff"),
                        ],
                        max_length=16,
                    ),
                ),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_invites",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "staff_invite",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "email"), name="staff_invite_once_an_address"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField()),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("ends_at", models.DateTimeField()),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accesses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "tenant_access",
                "indexes": [
                    models.Index(fields=["staff", "tenant", "ends_at"], name="tenant_access_open")
                ],
            },
        ),
        migrations.RunSQL(SOLE_OWNERS),
        migrations.RunSQL("DELETE FROM django_session"),
    ]
