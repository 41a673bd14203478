"""Plans of tenants, and what they and their accounts used."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0007_suspension"),
    ]

    operations = [
        migrations.CreateModel(
            name="MailDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "day",
                        "shard",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("shard", models.SmallIntegerField()),
                ("mails", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "mail_day",
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=100)),
                ("limits", models.JSONField(blank=True, default=dict)),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(366)]
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "plan",
            },
        ),
        migrations.CreateModel(
            name="TenantStorage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "shard",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("shard", models.SmallIntegerField()),
                ("blob_bytes", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "db_table": "tenant_storage",
            },
        ),
        migrations.CreateModel(
            name="TenantUsage",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="usage",
                        serialize=False,
                        to="hosting.tenant",
                    ),
                ),
                ("used", models.JSONField(default=dict)),
                ("warned", models.JSONField(default=dict)),
                ("day", models.DateField(null=True)),
                ("counted_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "tenant_usage",
            },
        ),
        migrations.AddField(
            model_name="tenant",
            name="grace_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="limits",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="tenant",
            name="limits_before",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name="AccountDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("tenant_id", models.BigIntegerField()),
                ("did", models.TextField()),
                ("writes", models.BigIntegerField(default=0)),
                ("uploads", models.BigIntegerField(default=0)),
                ("records", models.BigIntegerField(default=0)),
                ("repo_bytes", models.BigIntegerField(default=0)),
                ("blob_bytes", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "account_day",
                "indexes": [
                    models.Index(fields=["tenant_id", "day"], name="account_day_by_tenant")
                ],
            },
        ),
        migrations.AddField(
            model_name="tenant",
            name="plan",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tenants",
                to="hosting.plan",
            ),
        ),
        migrations.CreateModel(
            name="TenantDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("tenant_slug", models.TextField()),
                ("accounts", models.BigIntegerField()),
                ("active_accounts", models.BigIntegerField()),
                ("records", models.BigIntegerField()),
                ("repo_bytes", models.BigIntegerField()),
                ("blob_bytes", models.BigIntegerField()),
                ("writes", models.BigIntegerField()),
                ("uploads", models.BigIntegerField()),
                ("mails", models.BigIntegerField()),
                ("day", models.DateField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "tenant_day",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "day"), name="tenant_day_is_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("tenant_slug", models.TextField()),
                ("accounts", models.BigIntegerField()),
                ("active_accounts", models.BigIntegerField()),
                ("records", models.BigIntegerField()),
                ("repo_bytes", models.BigIntegerField()),
                ("blob_bytes", models.BigIntegerField()),
                ("writes", models.BigIntegerField()),
                ("uploads", models.BigIntegerField()),
                ("mails", models.BigIntegerField()),
                ("month", models.DateField()),
                ("blob_byte_days", models.DecimalField(decimal_places=0, max_digits=30)),
                ("closed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "tenant_month",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "month"), name="tenant_month_is_one_row"
                    )
                ],
            },
        ),
        run_sql_file("hosting", "usage_is_frozen"),
    ]
