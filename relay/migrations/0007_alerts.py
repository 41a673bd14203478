"""What metrics and alerts need of hosts, and the alerts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relay", "0006_backfill")]

    operations = [
        migrations.AddField("relayhost", "lag_s", models.IntegerField(null=True)),
        migrations.AddField(
            "relayhost", "rate_use", models.SmallIntegerField(db_default=0, default=0)
        ),
        migrations.CreateModel(
            name="HostWatch",
            fields=[
                (
                    "host",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="relay.relayhost",
                    ),
                ),
                ("accepted", models.BigIntegerField()),
                ("rejected", models.BigIntegerField()),
            ],
            options={
                "db_table": "relay_host_watch",
            },
        ),
        migrations.CreateModel(
            name="HostAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("accounts", "Accounts"),
                            ("events", "Events"),
                            ("lag", "Lag"),
                            ("rejections", "Rejections"),
                        ]
                    ),
                ),
                ("figure", models.BigIntegerField()),
                ("raised_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("mailed_at", models.DateTimeField(null=True)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="relay.relayhost",
                    ),
                ),
            ],
            options={
                "db_table": "relay_host_alert",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["raised_at"],
                        name="relay_alert_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "kind"), name="relay_alert_is_one_a_host_and_kind"
                    )
                ],
            },
        ),
    ]
