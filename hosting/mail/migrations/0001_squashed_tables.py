"""The outbox, what each host's mail looks like, and counts of mail: the tables of version 0.1."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("mail", "0001_outbox"),
        ("mail", "0002_captured_words"),
        ("mail", "0003_mail_counts"),
    ]

    dependencies = [
        ("hosting", "0001_squashed_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sender",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "address",
                    models.EmailField(
                        blank=True, help_text="Empty: the provider's own address.", max_length=254
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("de", "Deutsch")], default="en", max_length=10
                    ),
                ),
                (
                    "has_sign_in_alerts",
                    models.BooleanField(
                        default=True,
                        help_text="Tell people when somebody signs in from a new place.",
                    ),
                ),
                (
                    "host",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sender",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "mail_sender",
            },
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.CharField(max_length=300, unique=True)),
                ("letter", models.CharField(max_length=40, verbose_name="letter")),
                ("recipient", models.CharField(max_length=320, verbose_name="recipient")),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("captured", "Captured"),
                        ],
                        default="queued",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=300, verbose_name="last error"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outgoing_mail",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "verbose_name": "letter",
                "verbose_name_plural": "mail",
                "db_table": "outgoing_mail",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "sending"])),
                        fields=["next_attempt_at"],
                        name="outgoing_mail_due",
                    ),
                    models.Index(fields=["host", "recipient"], name="outgoing_mail_by_recipient"),
                    models.Index(fields=["created_at"], name="outgoing_mail_by_age"),
                    models.Index(
                        condition=models.Q(
                            ("state", "captured"), models.Q(("text", ""), _negated=True)
                        ),
                        fields=["expires_at"],
                        name="outgoing_mail_captured",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True), ("state__in", ["queued", "sending"])
                            ),
                            models.Q(
                                models.Q(("state__in", ["queued", "sending"]), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="outgoing_mail_is_decided_or_unsent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "sending", "captured"]),
                            models.Q(("html", ""), ("text", "")),
                            _connector="OR",
                        ),
                        name="outgoing_mail_keeps_no_words_once_decided",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("who", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=40)),
                ("window_s", models.IntegerField()),
                ("count", models.IntegerField()),
                ("resets_at", models.DateTimeField(db_index=True)),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_counts",
                        to="hosting.host",
                    ),
                ),
            ],
            options={
                "db_table": "mail_count",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "who", "name", "window_s"),
                        name="mail_count_is_one_a_window",
                    )
                ],
            },
        ),
    ]
