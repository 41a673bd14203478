"""Every entry of the audit log, those of before too, becomes a link of its tenant's chain."""

from django.db import migrations, models
from django.db.models import PROTECT

from server.database.sql_files import run_sql_file

# New entries wait until those of before are in the chain.
CHAIN_ALL = """
    LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE;
    DO $$ DECLARE entry audit_entry; BEGIN
        FOR entry IN SELECT * FROM audit_entry ORDER BY id LOOP
            PERFORM chain_audit_entry(entry);
        END LOOP;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0004_triage"),
        ("moderation", "0010_decisions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry", name="action", field=models.CharField(max_length=40)
        ),
        migrations.CreateModel(
            name="AuditChain",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="hosting.tenant",
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "audit_chain"},
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="moderation.auditentry",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=PROTECT, related_name="+", to="hosting.tenant"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_link",
                "constraints": [
                    models.UniqueConstraint(
                        name="audit_link_by_tenant", fields=["tenant", "number"]
                    )
                ],
            },
        ),
        run_sql_file("moderation", "audit_entry_is_chained"),
        migrations.RunSQL(CHAIN_ALL),
    ]
