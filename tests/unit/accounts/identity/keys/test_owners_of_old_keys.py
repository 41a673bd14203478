"""The upgrade that gave signing keys their owners: on rows as they were before it."""

import logging
from importlib import import_module

import pytest
from django.db import connection

from accounts.identity.keys import reserved_keys, signing_keys
from accounts.models import Account, PlcOperation, ReservedKey, SigningKey
from tests.unit.accounts.people import account_row

OWNERS = import_module("accounts.migrations.0012_owners_of_signing_keys")
RULES = import_module("accounts.migrations.0013_keys_serve_their_owners")
MOVER = "did:plc:" + "m" * 24
BEFORE = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE account DROP CONSTRAINT account_signs_with_its_own_key;
ALTER TABLE reserved_key DROP CONSTRAINT reserved_key_waits_for_its_owner;
DROP TRIGGER signing_key_keeps_its_owner ON signing_key;
UPDATE signing_key SET host_id = NULL, did = '';
"""


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def upgrade() -> None:
    for sql in (OWNERS._CLAIMED, OWNERS._RESERVED, OWNERS._PENDING, OWNERS._OF_ACCOUNTS):
        run(sql)


def owner_of(did_key: str) -> tuple[int, str]:
    return SigningKey.objects.values_list("host_id", "did").get(pk=did_key)


@pytest.fixture
def old(ash):
    """Alice's account; then the database as it was when keys had no owners."""
    alice = account_row(ash)
    run(BEFORE)
    return alice


def test_a_key_is_of_the_account_that_names_it(old):
    upgrade()
    assert owner_of(old.signing_did_key) == (old.host_id, old.did)
    assert signing_keys.is_owned_by(old, old.signing_did_key)


def test_who_was_made_closest_to_the_key_is_its_owner(old, birch):
    thief = account_row(birch, "mallory")
    Account.objects.filter(pk=thief.pk).update(signing_did_key=old.signing_did_key)
    SigningKey.objects.filter(pk=old.signing_did_key).update(created_at=old.created_at)
    upgrade()
    assert owner_of(old.signing_did_key) == (old.host_id, old.did)


def test_what_an_account_began_with_counts_before_its_age(old, birch):
    thief = account_row(birch, "mallory")
    Account.objects.filter(pk=thief.pk).update(signing_did_key=old.signing_did_key)
    SigningKey.objects.filter(pk=old.signing_did_key).update(created_at=thief.created_at)
    genesis = {"verificationMethods": {"atproto": old.signing_did_key}}
    PlcOperation.objects.create(
        did=old.did, account=old, kind="genesis", operation=genesis, next_attempt_at=old.created_at
    )
    upgrade()
    assert owner_of(old.signing_did_key) == (old.host_id, old.did)


def test_a_reservation_counts_more_than_who_names_the_key(old, birch):
    thief = account_row(birch, "mallory")
    key = signing_keys.new_signing_key(old.host, MOVER).did_key
    ReservedKey.objects.create(host=old.host, did=MOVER, key_id=key)
    Account.objects.filter(pk=thief.pk).update(signing_did_key=key)
    upgrade()
    assert owner_of(key) == (old.host_id, MOVER)
    assert reserved_keys.reserve(old.host, MOVER) == key


def test_who_signs_with_anothers_key_is_named_and_kept(old, birch, caplog):
    thief = account_row(birch, "mallory")
    Account.objects.filter(pk=thief.pk).update(signing_did_key=old.signing_did_key)
    upgrade()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run(RULES._ACCOUNTS)
    with caplog.at_level(logging.ERROR, "accounts"), connection.schema_editor() as editor:
        RULES.validate(None, editor)
    assert [record.args for record in caplog.records] == [(thief.did, birch.hostname)]
    assert Account.objects.filter(pk=thief.pk).exists()
    with pytest.raises(SigningKey.DoesNotExist):
        signing_keys.signing_key(old.signing_did_key, thief.did)
