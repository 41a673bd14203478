"""Postgres sees to it that a signing key serves its owner alone.

An account, or a reservation, names key, host and DID together, so one key cannot serve two DIDs,
nobody adopts what is reserved for another, and no key goes while somebody counts on it. Accounts
that signed with another's key before stay as they are and are named in the log: they cannot sign
any more until they get a key of their own (`manage.py repo rotate-key`).
"""

import logging
from typing import Any

from django.db import migrations, models

logger = logging.getLogger("accounts")

_ACCOUNTS = """
ALTER TABLE account ADD CONSTRAINT account_signs_with_its_own_key
    FOREIGN KEY (signing_did_key, host_id, did) REFERENCES signing_key (did_key, host_id, did)
    NOT VALID
"""
_RESERVATIONS = """
ALTER TABLE reserved_key ADD CONSTRAINT reserved_key_waits_for_its_owner
    FOREIGN KEY (did_key, host_id, did) REFERENCES signing_key (did_key, host_id, did)
"""
_OWNERS_STAY = """
CREATE FUNCTION signing_key_keeps_its_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the signing key % has an owner already', OLD.did_key
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER signing_key_keeps_its_owner BEFORE UPDATE ON signing_key FOR EACH ROW
    WHEN (OLD.did_key <> NEW.did_key OR OLD.wrapped <> NEW.wrapped
        OR OLD.host_id <> NEW.host_id OR (OLD.did <> '' AND OLD.did <> NEW.did))
    EXECUTE FUNCTION signing_key_keeps_its_owner();
"""
_NO_TRIGGER = """
DROP TRIGGER signing_key_keeps_its_owner ON signing_key;
DROP FUNCTION signing_key_keeps_its_owner()
"""
_CONFLICTS = """
SELECT a.did, h.hostname FROM account a JOIN host h ON h.id = a.host_id
LEFT JOIN signing_key k
    ON k.did_key = a.signing_did_key AND k.host_id = a.host_id AND k.did = a.did
WHERE k.did_key IS NULL ORDER BY a.id
"""


def validate(_apps: Any, schema_editor: Any) -> None:
    """Check the accounts there are; each that signs with another's key is named."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_CONFLICTS)
        conflicts = cursor.fetchall()
        for did, hostname in conflicts:
            logger.error("%s at %s signs with a key that is not its own", did, hostname)
        if not conflicts:
            cursor.execute("ALTER TABLE account VALIDATE CONSTRAINT account_signs_with_its_own_key")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_owners_of_signing_keys")]
    operations = [
        migrations.AddConstraint(
            "signingkey",
            models.UniqueConstraint(
                fields=["did_key", "host", "did"], name="signing_key_has_one_owner"
            ),
        ),
        migrations.AddIndex(
            "signingkey", models.Index(fields=["did"], name="signing_key_by_owner")
        ),
        migrations.RunSQL(
            _ACCOUNTS, "ALTER TABLE account DROP CONSTRAINT account_signs_with_its_own_key"
        ),
        migrations.RunSQL(
            _RESERVATIONS,
            "ALTER TABLE reserved_key DROP CONSTRAINT reserved_key_waits_for_its_owner",
        ),
        migrations.RunSQL(_OWNERS_STAY, _NO_TRIGGER),
        migrations.RunPython(validate, migrations.RunPython.noop),
    ]
