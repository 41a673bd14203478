"""Checks that this host controls a did:plc, by what its newest operation says.

Source: the did:plc method specification, "Rotation keys". Our rotation key may stand in a DID that
has moved on, or that names a signing key of somebody else's; an operation of ours on top of that
would be our word for it.
"""

from accounts.identity import published_dids
from accounts.identity.keys import signing_keys
from accounts.models import Account
from protocol.did.plc_data import PDS_SERVICE, SIGNING_METHOD, PlcData
from protocol.errors import InvalidRequest


class NotOursToChange(InvalidRequest):
    """400: the DID does not let this host change it, or there is no such DID."""


def check_lives_here(account: Account, data: PlcData) -> None:
    """Raises NotOursToChange for a DID that names another host, or a signing key that is not the
    account's."""
    service = data.services.get(PDS_SERVICE)
    if service is None or not published_dids.names(account, service.endpoint):
        raise NotOursToChange("The DID names another host; only that host can change it")
    did_key = data.verification_methods.get(SIGNING_METHOD, "")
    if did_key != account.signing_did_key and not signing_keys.is_owned_by(account, did_key):
        raise NotOursToChange("The DID names a signing key that is not this account's")


def check_rotation_key(account: Account, data: PlcData) -> None:
    """Raises NotOursToChange for a DID whose owner keeps the rotation keys without this host's."""
    if account.host.rotation_did_key not in data.rotation_keys:
        raise NotOursToChange(
            "The rotation keys of the DID do not include this host's. Sign the operation with a"
            " rotation key of your own and submit it to the PLC directory."
        )
