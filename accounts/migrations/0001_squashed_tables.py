"""Accounts, their keys, sessions and identities, invites and sign-ups: the tables of version 0.1."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("accounts", "0001_accounts"),
        ("accounts", "0002_delete_after"),
        ("accounts", "0003_app_passwords"),
        ("accounts", "0004_one_did_a_host"),
        ("accounts", "0005_preferences"),
        ("accounts", "0006_email"),
        ("accounts", "0007_invites_and_held_sign_ups"),
        ("accounts", "0008_arrivals"),
        ("accounts", "0009_identities"),
        ("accounts", "0010_due_deletions"),
        ("accounts", "0011_names_on_the_console"),
        ("accounts", "0012_owners_of_signing_keys"),
        ("accounts", "0014_what_dids_say"),
        ("accounts", "0015_one_index_for_sessions"),
        ("accounts", "0016_replaced_addresses"),
    ]

    dependencies = [
        ("hosting", "0001_squashed_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("did_key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("wrapped", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hosting.host",
                    ),
                ),
                ("did", models.CharField(blank=True, db_default="", default="", max_length=2048)),
            ],
            options={
                "db_table": "signing_key",
                "indexes": [models.Index(fields=["did"], name="signing_key_by_owner")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("did_key", "host", "did"), name="signing_key_has_one_owner"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("did", models.CharField(max_length=2048)),
                ("handle", models.CharField(blank=True, max_length=253, null=True)),
                ("email", models.CharField(max_length=320)),
                ("email_confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("password", models.CharField(max_length=200)),
                ("signing_did_key", models.CharField(max_length=100)),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("deactivated_at", models.DateTimeField(blank=True, null=True)),
                ("suspended_at", models.DateTimeField(blank=True, null=True)),
                ("taken_down_at", models.DateTimeField(blank=True, null=True)),
                ("takedown_ref", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "status",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(opened_at__isnull=True, then=models.Value("pending")),
                            models.When(
                                taken_down_at__isnull=False, then=models.Value("takendown")
                            ),
                            models.When(suspended_at__isnull=False, then=models.Value("suspended")),
                            models.When(
                                deactivated_at__isnull=False, then=models.Value("deactivated")
                            ),
                            default=models.Value("active"),
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="hosting.host",
                    ),
                ),
                ("delete_after", models.DateTimeField(blank=True, null=True)),
                ("has_email_auth_factor", models.BooleanField(default=False)),
                ("did_document", models.TextField(blank=True, db_default="", default="")),
                ("did_seen_at", models.DateTimeField(blank=True, null=True)),
                ("did_looked_at", models.DateTimeField(blank=True, null=True)),
                ("has_rotation_key", models.BooleanField(blank=True, null=True)),
                ("moved_away_at", models.DateTimeField(blank=True, null=True)),
                ("email_replaced_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "account",
                "indexes": [
                    models.Index(fields=["did"], name="account_by_did"),
                    models.Index(fields=["handle"], name="account_by_handle"),
                    models.Index(
                        condition=models.Q(("delete_after__isnull", False)),
                        fields=["delete_after"],
                        name="account_delete_after",
                    ),
                    models.Index(
                        models.OrderBy(models.F("did_looked_at"), nulls_first=True),
                        condition=models.Q(("opened_at__isnull", False)),
                        name="account_did_looked_at",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "email"), name="account_email_is_unique_a_host"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("handle", django.db.models.functions.text.Lower("handle"))
                        ),
                        name="account_handle_is_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email", django.db.models.functions.text.Lower("email"))
                        ),
                        name="account_email_is_lower_case",
                    ),
                    models.UniqueConstraint(fields=("host", "did"), name="account_did_is_unique"),
                    models.UniqueConstraint(
                        fields=("host", "handle"), name="account_handle_is_unique"
                    ),
                ],
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
            },
        ),
        migrations.CreateModel(
            name="PlcOperation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("did", models.CharField(max_length=2048)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("genesis", "Genesis"),
                            ("update", "Update"),
                            ("tombstone", "Tombstone"),
                        ],
                        max_length=16,
                    ),
                ),
                ("operation", models.JSONField()),
                ("cid", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("published", "Published"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                (
                    "last_failure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unreachable", "Unreachable"),
                            ("unknown", "Unknown"),
                            ("refused", "Refused"),
                        ],
                        max_length=16,
                    ),
                ),
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plc_operations",
                        to="accounts.account",
                    ),
                ),
                ("new_handle", models.CharField(blank=True, max_length=253)),
                ("new_signing_did_key", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "db_table": "plc_operation",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["next_attempt_at"],
                        name="plc_operation_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("did", "cid"), name="plc_operation_is_stored_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "pending")),
                            models.Q(
                                models.Q(("state", "pending"), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="plc_operation_is_decided_when_not_pending",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state", "pending"), models.Q(("new_handle", ""), _negated=True)
                        ),
                        fields=("new_handle",),
                        name="plc_operation_keeps_a_handle_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("jti", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("lineage", models.UUIDField()),
                ("scope", models.CharField(max_length=64)),
                ("app_password_name", models.CharField(blank=True, max_length=100, null=True)),
                ("next_jti", models.CharField(blank=True, max_length=64, null=True)),
                ("grace_ends_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "session",
                "indexes": [
                    models.Index(fields=["account", "lineage"], name="session_by_lineage"),
                    models.Index(fields=["expires_at"], name="session_by_expiry"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("grace_ends_at__isnull", True), ("next_jti__isnull", True)),
                            models.Q(("grace_ends_at__isnull", False), ("next_jti__isnull", False)),
                            _connector="OR",
                        ),
                        name="session_has_grace_when_refreshed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebSession",
            fields=[
                (
                    "token_sha256",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_seen_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="web_sessions",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "web_session",
            },
        ),
        migrations.CreateModel(
            name="AppPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="app_passwords",
                        to="accounts.account",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("password_hash", models.CharField(max_length=64)),
                ("is_privileged", models.BooleanField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "app_password",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "name"), name="app_password_name_is_unique_an_account"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preferences",
                        to="accounts.account",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("name", models.TextField()),
                ("value", models.TextField()),
            ],
            options={
                "db_table": "account_preference",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "position"), name="account_preference_has_one_place"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EmailToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("confirm_email", "Confirm Email"),
                            ("update_email", "Update Email"),
                            ("reset_password", "Reset Password"),
                            ("delete_account", "Delete Account"),
                            ("plc_operation", "Plc Operation"),
                            ("auth_factor", "Auth Factor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("code_hash", models.CharField(db_index=True, max_length=64)),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("issued_at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="email_tokens",
                        to="accounts.account",
                    ),
                ),
                ("seed", models.CharField(db_default="", default="", max_length=32)),
            ],
            options={
                "db_table": "email_token",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "purpose"), name="email_token_is_one_a_purpose"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place_hash", models.CharField(max_length=64)),
                ("last_seen_at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_places",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "db_table": "known_place",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "place_hash"), name="known_place_is_kept_once_an_account"
                    )
                ],
            },
        ),
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
                "indexes": [
                    models.Index(fields=["host", "for_account"], name="invite_code_by_owner"),
                    models.Index(
                        fields=["host", "-used_count", "-id"], name="invite_code_by_usage"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("used_count__lte", models.F("available_count"))),
                        name="invite_code_is_not_overused",
                    )
                ],
                "verbose_name": "invite code",
                "verbose_name_plural": "invite codes",
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
                "indexes": [models.Index(fields=["used_by"], name="invite_use_by_account")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "used_by"), name="invite_use_is_counted_once"
                    )
                ],
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
        migrations.CreateModel(
            name="Arrival",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="arrival",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("moved_from", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                ("handed_over_at", models.DateTimeField(blank=True, null=True)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "arrival",
                "indexes": [
                    models.Index(
                        condition=models.Q(("activated_at__isnull", True)),
                        fields=["looked_at"],
                        name="arrival_on_the_way",
                    )
                ],
            },
        ),
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
                "indexes": [models.Index(fields=["next_check_at"], name="custom_handle_due")],
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
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="hosting.host"
                    ),
                ),
                (
                    "key",
                    models.OneToOneField(
                        db_column="did_key",
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.signingkey",
                    ),
                ),
            ],
            options={
                "db_table": "reserved_key",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("did", ""), _negated=True),
                        fields=("host", "did"),
                        name="reserved_key_is_one_a_did",
                    )
                ],
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
                (
                    "account",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="web_identity",
                        to="accounts.account",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="web_identities",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "web_identity",
            },
        ),
    ]
