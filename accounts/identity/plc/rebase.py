"""Rebuilds a PLC update on a new `prev`, when its predecessor is no longer the newest.

Source: the did:plc method specification: every operation names its predecessor, so of two updates
made at once the second is refused. What an update was for stands beside it in its row
(`new_handle`, `new_signing_did_key`); one that its owner signed cannot be made anew by us.
"""

from dataclasses import replace

from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.identity.plc import client, control_check
from accounts.models import Account, PlcOperation
from protocol.did import plc
from protocol.did.plc_data import SIGNING_METHOD, PlcData

ATTEMPTS_MAX = 8  # of an operation, all told; somebody else is faster each time


def rebase(operation: PlcOperation) -> bool:
    """Put a refused update on the DID's newest operation, in its row, due at once.

    False when another predecessor was not the matter. Raises `client.Unsettled`.
    """
    changes = operation.new_handle or operation.new_signing_did_key
    if not changes or operation.account is None or operation.attempts >= ATTEMPTS_MAX:
        return False
    newest = client.newest(operation.did)
    data = plc.data_of(newest) if newest is not None else None
    host = operation.account.host
    if newest is None or data is None or host.rotation_did_key not in data.rotation_keys:
        return False
    if operation.new_handle and not _is_ours(operation.account, data):
        return False
    prev = plc.cid_of(newest)
    if prev == operation.operation["prev"]:
        return False
    anew = plc.sign(plc.update(_changed(data, operation), prev), signing_keys.rotation_key(host))
    return operation.postpone(timezone.now(), operation=anew, cid=plc.cid_of(anew))


def _is_ours(account: Account, data: PlcData) -> bool:
    try:
        control_check.check_lives_here(account, data)
    except control_check.NotOursToChange:
        return False
    return True


def _changed(data: PlcData, operation: PlcOperation) -> PlcData:
    if operation.new_handle:
        data = data.with_handle(operation.new_handle)
    if key := operation.new_signing_did_key:
        methods = {**data.verification_methods, SIGNING_METHOD: key}
        data = replace(data, verification_methods=methods)
    return data
