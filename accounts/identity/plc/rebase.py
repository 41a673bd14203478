"""Rebuilds a PLC update on a new `prev`, when its predecessor is no longer the newest.

Source: the did:plc method specification: every operation names its predecessor, so of two updates
made at once the second is refused. What an update was for stands beside it in its row
(a handle, a signing key, rotation keys); one that its owner signed cannot be made anew by us.
"""

from dataclasses import replace

from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.identity.plc import client, control_check, rotation_keys
from accounts.models import Account, PlcOperation
from protocol.did import plc
from protocol.did.plc_data import SIGNING_METHOD, PlcData
from protocol.errors import InvalidRequest

ATTEMPTS_MAX = 8  # of an operation, all told; somebody else is faster each time


def rebase(operation: PlcOperation) -> bool:
    """Put a refused update on the DID's newest operation, in its row, due at once.

    False when another predecessor was not the matter. Raises `client.Unsettled`.
    """
    if not _purpose(operation) or operation.account is None or operation.attempts >= ATTEMPTS_MAX:
        return False
    newest = client.newest(operation.did)
    data = plc.data_of(newest) if newest is not None else None
    host = operation.account.host
    if newest is None or data is None or host.rotation_did_key not in data.rotation_keys:
        return False
    prev = plc.cid_of(newest)
    if prev == operation.operation["prev"]:
        return False
    try:
        if not operation.new_signing_did_key:
            control_check.check_lives_here(operation.account, data)
        wanted = _changed(operation.account, data, operation)
    except InvalidRequest:  # what came between leaves nothing to do, or nothing for us to say
        return False
    anew = plc.sign(plc.update(wanted, prev), signing_keys.rotation_key(host))
    return operation.postpone(timezone.now(), operation=anew, cid=plc.cid_of(anew))


def _purpose(operation: PlcOperation) -> str:
    rotation_key = operation.added_rotation_key or operation.removed_rotation_key
    return operation.new_handle or operation.new_signing_did_key or rotation_key


def _changed(account: Account, data: PlcData, operation: PlcOperation) -> PlcData:
    if key := operation.added_rotation_key:
        data = rotation_keys.with_key(account, data, key)
    if key := operation.removed_rotation_key:
        data = rotation_keys.without_key(account, data, key)
    if operation.new_handle:
        data = data.with_handle(operation.new_handle)
    if key := operation.new_signing_did_key:
        methods = {**data.verification_methods, SIGNING_METHOD: key}
        data = replace(data, verification_methods=methods)
    return data
