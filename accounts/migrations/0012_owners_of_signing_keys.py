"""Signing keys get owners: the DID and the host that each was made for.

Who owns a key that was there before: its reservation says so, else the account whose own operation
brought it into its DID (genesis, or a change of key that this host began), else the account that
names it and was made closest to it. A key that nobody names keeps no owner and can sign nothing.
"""

import django.db.models.deletion
from django.db import migrations, models

# An unnamed reservation that an account of the same host already signs with has found its owner.
_CLAIMED = """
DELETE FROM reserved_key r USING account a
WHERE a.signing_did_key = r.did_key AND a.host_id = r.host_id AND r.did IN ('', a.did)
  AND NOT EXISTS (
    SELECT FROM account b WHERE b.signing_did_key = r.did_key AND b.id <> a.id)
"""
_RESERVED = """
UPDATE signing_key k SET host_id = r.host_id, did = r.did
FROM reserved_key r WHERE r.did_key = k.did_key
"""
_PENDING = """
UPDATE signing_key k SET host_id = a.host_id, did = a.did
FROM plc_operation o JOIN account a ON a.id = o.account_id
WHERE k.host_id IS NULL AND o.new_signing_did_key = k.did_key
"""
_OF_ACCOUNTS = """
UPDATE signing_key k SET host_id = found.host_id, did = found.did
FROM (
    SELECT DISTINCT ON (a.signing_did_key) a.signing_did_key, a.host_id, a.did
    FROM account a JOIN signing_key s ON s.did_key = a.signing_did_key
    LEFT JOIN plc_operation o ON o.account_id = a.id AND o.kind = 'genesis'
        AND o.operation -> 'verificationMethods' ->> 'atproto' = a.signing_did_key
    WHERE s.host_id IS NULL
    ORDER BY a.signing_did_key, o.id NULLS LAST,
        abs(extract(epoch FROM a.created_at - s.created_at)), a.id
) found
WHERE found.signing_did_key = k.did_key AND k.host_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_names_on_the_console"),
        ("hosting", "0003_admission"),
    ]
    operations = [
        migrations.AddField(
            "signingkey",
            "host",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="hosting.host",
            ),
        ),
        migrations.AddField(
            "signingkey",
            "did",
            models.CharField(blank=True, default="", db_default="", max_length=2048),
        ),
        migrations.AlterField(
            "reservedkey",
            "key",
            models.OneToOneField(
                db_column="did_key",
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.signingkey",
            ),
        ),
        *(
            migrations.RunSQL(sql, migrations.RunSQL.noop)
            for sql in (_CLAIMED, _RESERVED, _PENDING, _OF_ACCOUNTS)
        ),
    ]
