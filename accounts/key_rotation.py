"""A new repo signing key for an account: first the directory, then the account and its repo.

Source: the did:plc method specification; atproto.com/guides/account-migration, "Updating Identity".
The signed update is a row like every other operation (`publishing`), so a crash loses nothing: once
the directory holds it, the account takes the key in the same transaction that writes this down.
"""

import time
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import directory, keys, publishing, reserved_keys, web_identities
from accounts.models import Account, PlcOperation
from hosting.models import Host
from protocol import plc
from protocol.errors import InvalidRequest, XrpcError
from protocol.plc_data import SIGNING_METHOD, PlcData

_PAUSE_S = 0.05


class UnknownKey(InvalidRequest):
    """400: a key that is not here, so that nobody could sign with it, or another account's."""


class RotationRefused(XrpcError):
    """502: the DID cannot be given another key by this host. Nothing was changed."""

    name = "UpstreamFailure"
    status = 502


class RotationLate(XrpcError):
    """504: the directory has not answered; the change goes on by itself."""

    name = "UpstreamTimeout"
    status = 504


def rotate_key(account: Account) -> str:
    """Give the account a new signing key, in its DID and for its repo; returns the did:key.

    Raises RotationRefused, RotationLate. Call it outside of any transaction.
    """
    if web_identities.is_served_here(account):
        with transaction.atomic():
            new = keys.new_signing_key().did_key
            web_identities.change_key(account, new)
        return new
    operation = _pending(account) or _write_down(account, *_newest(account))
    _see_through(operation)
    did_key: str = operation.operation["verificationMethods"][SIGNING_METHOD]
    return did_key


def take_key(account: Account, did_key: str) -> None:
    """Give the account a signing key that this host made for it before (reserveSigningKey); one
    that it has already is no change.

    Source: com.atproto.admin.updateAccountSigningKey. Raises UnknownKey, RotationRefused,
    RotationLate. Call it outside of any transaction.
    """
    if account.signing_did_key == did_key:
        return
    under_way = _pending(account)
    if under_way is not None:
        _see_through(under_way)
        if under_way.new_signing_did_key == did_key:
            return
    if not reserved_keys.is_kept(account.host, account.did, did_key):
        raise UnknownKey("This host holds no such key for the account")
    if web_identities.is_served_here(account):
        web_identities.change_key(account, did_key)
        reserved_keys.release(did_key)
        return
    _see_through(_write_down(account, *_newest(account), did_key))


def _pending(account: Account) -> PlcOperation | None:
    """A change of key that the directory has not answered yet; it comes before any other."""
    pending = account.plc_operations.filter(
        kind=PlcOperation.Kind.UPDATE, state=PlcOperation.State.PENDING
    )
    path = f"operation__verificationMethods__{SIGNING_METHOD}"
    return pending.exclude(**{path: account.signing_did_key}).first()


def _newest(account: Account) -> tuple[plc.Operation, PlcData]:
    """What the directory says now. Raises RotationRefused, RotationLate."""
    try:
        newest = directory.newest(account.did) if account.did.startswith("did:plc:") else None
    except directory.Unsettled as outcome:
        raise RotationLate(f"The PLC directory does not answer: {outcome}") from outcome
    data = plc.data_of(newest) if newest is not None else None
    if newest is None or data is None:
        raise RotationRefused(f"The PLC directory does not hold {account.did}")
    if account.host.rotation_did_key not in data.rotation_keys:
        raise RotationRefused(f"{account.did} does not let this host change it")
    return newest, data


def _write_down(
    account: Account, newest: plc.Operation, data: PlcData, did_key: str | None = None
) -> PlcOperation:
    """The signed update to `did_key`, or to a key made for it."""
    host: Host = account.host
    with transaction.atomic(durable=True):
        if did_key is None:
            did_key = keys.new_signing_key().did_key
        else:
            reserved_keys.release(did_key)  # or it would be thrown away in a month
        methods = {**data.verification_methods, SIGNING_METHOD: did_key}
        update = plc.update(replace(data, verification_methods=methods), plc.cid_of(newest))
        signed = plc.sign(update, keys.rotation_key(host))
        return PlcOperation.objects.create(
            did=account.did,
            account=account,
            kind=PlcOperation.Kind.UPDATE,
            operation=signed,
            cid=plc.cid_of(signed),
            new_signing_did_key=did_key,
            next_attempt_at=timezone.now(),
        )


def _see_through(operation: PlcOperation) -> None:
    publishing.wake(operation.pk)
    _await(operation)


def _await(operation: PlcOperation) -> None:
    deadline = time.monotonic() + settings.PLC_AWAIT_S
    operation.refresh_from_db()
    while operation.state == PlcOperation.State.PENDING:
        if time.monotonic() > deadline:
            raise RotationLate(f"No answer from the PLC directory yet: {operation.last_error}")
        if operation.next_attempt_at < timezone.now():
            publishing.attempt(operation.pk)
        time.sleep(_PAUSE_S)
        operation.refresh_from_db()
    if operation.state != PlcOperation.State.PUBLISHED:
        raise RotationRefused(f"The PLC directory refused: {operation.last_error}")
