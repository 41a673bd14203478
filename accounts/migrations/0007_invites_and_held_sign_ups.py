"""Invite codes, sign-ups that wait for staff, and what makes them wait."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_email"),
        ("hosting", "0003_admission"),
    ]

    operations = [
        migrations.CreateModel(
            name="InvitePermission",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="invite_permission",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("is_disabled", models.BooleanField()),
                ("note", models.CharField(blank=True, max_length=2000)),
            ],
            options={
                "db_table": "invite_permission",
            },
        ),
        migrations.CreateModel(
            name="SignUpBreaker",
            fields=[
                (
                    "host",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sign_up_breaker",
                        serialize=False,
                        to="hosting.host",
                    ),
                ),
                ("window_started_at", models.DateTimeField()),
                ("counted", models.PositiveIntegerField(default=0)),
                ("tripped_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "sign_up_breaker",
            },
        ),
        migrations.CreateModel(
            name="SpentChallenge",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "spent_challenge",
            },
        ),
        migrations.CreateModel(
            name="InviteCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=300, unique=True)),
                ("for_account", models.CharField(max_length=2048)),
                ("created_by", models.CharField(max_length=2048)),
                ("available_count", models.PositiveIntegerField()),
                ("used_count", models.PositiveIntegerField(default=0)),
                ("is_disabled", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invite_codes",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "invite_code",
            },
        ),
        migrations.CreateModel(
            name="InviteUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("used_by", models.CharField(max_length=2048)),
                ("used_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="accounts.invitecode",
                    ),
                ),
            ],
            options={
                "db_table": "invite_use",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="HeldSignUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("handle", models.CharField(max_length=253, verbose_name="handle")),
                (
                    "email",
                    models.CharField(blank=True, max_length=320, verbose_name="e-mail address"),
                ),
                ("password", models.CharField(blank=True, max_length=200)),
                ("recovery_key", models.CharField(blank=True, max_length=256)),
                ("invite_code", models.CharField(blank=True, max_length=300)),
                ("did", models.CharField(blank=True, max_length=2048, verbose_name="DID")),
                ("address", models.CharField(blank=True, max_length=64, verbose_name="IP address")),
                ("language", models.CharField(blank=True, max_length=10)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("policy", "Every sign-up is looked at"),
                            ("breaker", "Too many sign-ups at once"),
                        ],
                        max_length=16,
                        verbose_name="why",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_sign_ups",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "verbose_name": "held sign-up",
                "verbose_name_plural": "held sign-ups",
                "db_table": "held_sign_up",
                "indexes": [
                    models.Index(fields=["host", "state", "id"], name="held_sign_up_by_host")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("handle",),
                        name="held_sign_up_handle_is_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("did", ""), ("state", "waiting")),
                        fields=("host", "email"),
                        name="held_sign_up_email_is_unique_a_host",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("did", ""), _negated=True),
                        fields=("host", "did"),
                        name="held_sign_up_did_is_unique_a_host",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email", django.db.models.functions.text.Lower("email")),
                            ("handle", django.db.models.functions.text.Lower("handle")),
                        ),
                        name="held_sign_up_is_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("decided_at__isnull", False),
                                ("password", ""),
                            ),
                            _connector="OR",
                        ),
                        name="held_sign_up_is_decided_when_not_waiting",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="invitecode",
            index=models.Index(fields=["host", "for_account"], name="invite_code_by_owner"),
        ),
        migrations.AddIndex(
            model_name="invitecode",
            index=models.Index(fields=["host", "-used_count", "-id"], name="invite_code_by_usage"),
        ),
        migrations.AddConstraint(
            model_name="invitecode",
            constraint=models.CheckConstraint(
                condition=models.Q(("used_count__lte", models.F("available_count"))),
                name="invite_code_is_not_overused",
            ),
        ),
        migrations.AddIndex(
            model_name="inviteuse",
            index=models.Index(fields=["used_by"], name="invite_use_by_account"),
        ),
        migrations.AddConstraint(
            model_name="inviteuse",
            constraint=models.UniqueConstraint(
                fields=("code", "used_by"), name="invite_use_is_counted_once"
            ),
        ),
    ]
