"""Indexes for lists and searches that cost the same at a million accounts."""

import django.db.models.deletion
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q

from server.database.build_index import BuildIndex
from server.database.search_indexes import domain_of, index_of_beginnings


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0008_factors")]
    operations = [
        BuildIndex("account", index_of_beginnings("handle", "account_handle_begins")),
        RemoveIndexConcurrently("account", "account_by_handle"),
        BuildIndex("account", index_of_beginnings("email", "account_email_begins")),
        BuildIndex(
            "account",
            models.Index(F("host"), domain_of("email"), F("id"), name="account_email_domain"),
        ),
        BuildIndex("account", models.Index(fields=["host", "id"], name="account_by_host")),
        migrations.AlterField(
            "account",
            "host",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="hosting.host",
            ),
        ),
        BuildIndex(
            "account",
            models.Index(
                fields=["status", "id"],
                name="account_not_active",
                condition=~Q(status="active"),
            ),
        ),
        BuildIndex(
            "accountmigration",
            models.Index(
                F("activated_at").desc(nulls_first=True),
                F("created_at").desc(),
                name="account_migration_newest",
            ),
        ),
        BuildIndex("invitecode", models.Index(fields=["host", "id"], name="invite_code_by_host")),
    ]
