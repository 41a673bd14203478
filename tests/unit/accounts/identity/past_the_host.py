"""Operations that an owner hands in at the directory, past the host."""

from accounts.identity.keys import signing_keys
from accounts.identity.plc import client, updates
from accounts.models import Account
from protocol.did import plc


def publish(account: Account, **changes) -> plc.Operation:
    """The DID's next operation with these fields, signed by the host's key all the same."""
    newest, data = updates.newest(account)
    operation = {**plc.update(data, plc.cid_of(newest)), **changes}
    signed = plc.sign(operation, signing_keys.rotation_key(account.host))
    client.post(account.did, signed)
    return signed
