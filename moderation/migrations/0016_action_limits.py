"""Limits of staff by action, and the states of a labeler that is retired."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

STATES = [
    ("serving", "Labels are served; the identity does not name them yet"),
    ("published", "The identity names the labeler"),
    ("declared", "The labeler is declared"),
    ("live", "Live"),
    ("withdrawn", "Its labels are being taken back"),
    ("retired", "Retired"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0009_departures"),
        ("moderation", "0015_labels_that_hide_until"),
    ]
    operations = [
        migrations.CreateModel(
            name="ActionLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=40)),
                ("an_hour", models.PositiveIntegerField(null=True, verbose_name="in an hour")),
                ("a_day", models.PositiveIntegerField(null=True, verbose_name="in a day")),
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
                "db_table": "action_limit",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["tenant", "action"], name="action_limit_once_an_action"
                    ),
                    models.CheckConstraint(
                        name="action_limit_limits_something",
                        condition=Q(an_hour__isnull=False) | Q(a_day__isnull=False),
                    ),
                ],
            },
        ),
        migrations.AlterField(
            model_name="labeler",
            name="state",
            field=models.CharField(choices=STATES, default="serving", max_length=16),
        ),
    ]
