"""What of version 0.1 Django cannot say: Postgres sees to it that a signing key serves its owner alone.

An account, or a reservation, names key, host and DID together, so one key cannot serve two DIDs,
nobody adopts what is reserved for another, and no key goes while somebody counts on it. In a
database of before that, accounts that sign with another's key stay, and cannot sign any more until
they get a key of their own (`manage.py repo rotate-key`).
"""

from django.db import migrations

from server.database.sql_files import run_sql_file

ACCOUNTS = """
ALTER TABLE account ADD CONSTRAINT account_signs_with_its_own_key
    FOREIGN KEY (signing_did_key, host_id, did) REFERENCES signing_key (did_key, host_id, did)
"""
RESERVATIONS = """
ALTER TABLE reserved_key ADD CONSTRAINT reserved_key_waits_for_its_owner
    FOREIGN KEY (did_key, host_id, did) REFERENCES signing_key (did_key, host_id, did)
"""


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0013_keys_serve_their_owners"),
    ]
    dependencies = [("accounts", "0001_squashed_tables")]
    operations = [
        migrations.RunSQL(ACCOUNTS),
        migrations.RunSQL(RESERVATIONS),
        run_sql_file("accounts", "signing_key_keeps_its_owner"),
        # Django makes a second index of a key that is text, for LIKE; keys are only asked for whole.
        migrations.RunSQL("DROP INDEX signing_key_did_key_76feee1b_like"),
    ]
