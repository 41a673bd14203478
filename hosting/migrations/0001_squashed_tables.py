"""Tenants, their hosts and their staff: the tables of version 0.1."""

import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import hosting.models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("hosting", "0001_tenants_and_hosts"),
        ("hosting", "0002_blob_quota"),
        ("hosting", "0003_admission"),
        ("hosting", "0004_did_method"),
        ("hosting", "0005_services_of_a_host"),
        ("hosting", "0006_blob_quota_of_the_platform"),
        ("hosting", "0007_staff_manager"),
    ]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tenant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "primary_colour",
                    models.CharField(
                        default="#2f6b3a",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^#[0-9a-f]{6}$", "A colour such as #2f6b3a."
                            )
                        ],
                    ),
                ),
                ("support_email", models.EmailField(blank=True, max_length=254)),
                ("privacy_policy_url", models.URLField(blank=True)),
                ("terms_of_service_url", models.URLField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "tenant",
            },
        ),
        migrations.CreateModel(
            name="Host",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "hostname",
                    models.CharField(
                        max_length=253,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", "Not a host name."
                            )
                        ],
                    ),
                ),
                (
                    "origin",
                    models.CharField(help_text="Public URL, no trailing slash.", max_length=300),
                ),
                ("service_did", models.CharField(max_length=300)),
                ("blob_limit_bytes", models.BigIntegerField(blank=True, null=True)),
                ("admin_password", models.CharField(blank=True, max_length=200)),
                ("token_secret", models.BinaryField()),
                ("rotation_key", models.BinaryField()),
                ("rotation_did_key", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hosts",
                        to="hosting.tenant",
                    ),
                ),
                (
                    "blob_quota_bytes",
                    models.BigIntegerField(
                        blank=True,
                        help_text="All blobs of one account together; empty: the platform's limit.",
                        null=True,
                    ),
                ),
                (
                    "admission",
                    models.CharField(
                        choices=[
                            ("open", "Open to everybody"),
                            ("captcha", "Open to whoever solves a captcha"),
                            ("invite", "With an invite code"),
                            ("approval", "After staff have approved"),
                            ("migration_only", "Only for accounts that move in from another host"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                (
                    "sign_up_limit_count",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="More sign-ups than this in ten minutes are held for staff; empty: no limit.",
                        null=True,
                    ),
                ),
                (
                    "invite_interval",
                    models.DurationField(
                        blank=True,
                        help_text="How long an account waits for each invite code it earns.",
                        null=True,
                    ),
                ),
                (
                    "invite_epoch",
                    models.DateTimeField(
                        blank=True, help_text="Time before this earns no invite codes.", null=True
                    ),
                ),
                ("captcha_verify_url", models.URLField(blank=True)),
                ("captcha_site_key", models.CharField(blank=True, max_length=200)),
                ("captcha_secret", models.BinaryField(blank=True, default=b"")),
                (
                    "moderation_did",
                    models.CharField(
                        blank=True,
                        help_text="The service that may use com.atproto.admin.*.",
                        max_length=2048,
                    ),
                ),
                (
                    "did_method",
                    models.CharField(
                        choices=[
                            ("plc", "did:plc: theirs to take anywhere"),
                            ("web", "did:web: bound to this host's handle domain"),
                        ],
                        default="plc",
                        max_length=8,
                    ),
                ),
                ("appview_cdn", models.CharField(blank=True, max_length=500)),
                ("appview_did", models.CharField(blank=True, max_length=2048)),
                ("appview_url", models.URLField(blank=True)),
                ("moderation_url", models.URLField(blank=True)),
                ("report_did", models.CharField(blank=True, max_length=2048)),
                ("report_url", models.URLField(blank=True)),
            ],
            options={
                "db_table": "host",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hostname", django.db.models.functions.text.Lower("hostname"))
                        ),
                        name="host_hostname_is_lower_case",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffUser",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "first_name",
                    models.CharField(blank=True, max_length=150, verbose_name="first name"),
                ),
                (
                    "last_name",
                    models.CharField(blank=True, max_length=150, verbose_name="last name"),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="date joined"
                    ),
                ),
                (
                    "is_platform_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Works for the hosting provider: sees every tenant.",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "db_table": "staff_user",
            },
            managers=[
                ("objects", hosting.models.StaffManager()),
            ],
        ),
        migrations.CreateModel(
            name="HandleDomain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=253,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\.[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$", "Begins with a dot."
                            )
                        ],
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handle_domains",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "handle_domain",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("moderator", "Moderator"),
                            ("support", "Support"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="hosting.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "member",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "user"), name="member_has_one_role_a_tenant"
                    )
                ],
            },
        ),
    ]
