"""Signing key rotation: first the directory, then the account and its repo.

Source: the did:plc method specification; atproto.com/guides/account-migration, "Updating Identity".
The signed update is a row like every other operation (`submit`), so a crash loses nothing: once
the directory holds it, the account takes the key in the same transaction that writes this down.
"""

from dataclasses import replace

from django.db import transaction

from accounts.identity import did_web
from accounts.identity.keys import reserved_keys, signing_keys
from accounts.identity.plc import updates
from accounts.models import Account, PlcOperation
from protocol.did.plc_data import SIGNING_METHOD
from protocol.errors import InvalidRequest


class UnknownKey(InvalidRequest):
    """400: a key that is not here, so that nobody could sign with it, or another account's."""

    message = "This host has no such signing key for the account"


def rotate_key(account: Account) -> str:
    """Give the account a new signing key, in its DID and for its repo; returns the did:key.

    Raises the errors of `updates.newest`, `signed` and `await_publication`. Call it outside of any
    transaction.
    """
    if did_web.is_served_here(account):
        with transaction.atomic():
            new = signing_keys.new_signing_key(account.host, account.did).did_key
            did_web.change_key(account, new)
        return new
    operation = _pending(account) or write_down(account)
    updates.await_publication(operation)
    did_key: str = operation.operation["verificationMethods"][SIGNING_METHOD]
    return did_key


def take_key(account: Account, did_key: str) -> None:
    """Give the account a signing key that this host made for it before (reserveSigningKey); one
    that it has already is no change.

    Source: com.atproto.admin.updateAccountSigningKey. Raises UnknownKey and what `rotate_key`
    raises. Call it outside of any transaction.
    """
    if account.signing_did_key == did_key:
        return
    under_way = _pending(account)
    if under_way is not None:
        updates.await_publication(under_way)
        if under_way.new_signing_did_key == did_key:
            return
    is_own = signing_keys.is_owned_by(account, did_key)
    if not is_own and not reserved_keys.is_free(account.host, did_key):
        raise UnknownKey
    if did_web.is_served_here(account):
        with transaction.atomic():
            _claim(account, did_key)
            did_web.change_key(account, did_key)
        return
    updates.await_publication(write_down(account, did_key))


def _claim(account: Account, did_key: str) -> None:
    """From now on the key is the account's, or it would be thrown away in a month."""
    if not reserved_keys.claim(account.host, account.did, did_key):
        raise UnknownKey  # somebody else was faster


def _pending(account: Account) -> PlcOperation | None:
    """A change of key that the directory has not answered yet; it comes before any other."""
    updates_of = PlcOperation.objects.filter(account=account, kind=PlcOperation.Kind.UPDATE)
    path = f"operation__verificationMethods__{SIGNING_METHOD}"
    return updates_of.open().exclude(**{path: account.signing_did_key}).first()


def write_down(account: Account, did_key: str | None = None) -> PlcOperation:
    """The signed update to `did_key`, or to a key made for it."""
    newest, data = updates.newest(account)
    with transaction.atomic(durable=True):
        if did_key is None:
            did_key = signing_keys.new_signing_key(account.host, account.did).did_key
        else:
            _claim(account, did_key)
        methods = {**data.verification_methods, SIGNING_METHOD: did_key}
        signed = updates.signed(account, replace(data, verification_methods=methods), newest)
        return updates.write_down(account, signed, new_signing_did_key=did_key)
