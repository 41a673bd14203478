"""Does the directory say that this account lives here, under a key of ours?

Source: com.atproto.server.activateAccount and checkAccountStatus: the PDS endpoint is this host,
the signing key ours, and this host may change the DID. The directory itself is asked, no cache.
Accounts of a host are did:plc; any other method fails the check.
"""

from accounts import directory
from accounts.models import Account
from protocol import plc
from protocol.errors import InvalidRequest, XrpcError
from protocol.plc_data import PDS_SERVICE, SIGNING_METHOD, PlcData


class InvalidDid(InvalidRequest):
    """400: the DID leads elsewhere; the message says in what."""


class DirectorySilent(XrpcError):
    """502: the directory does not answer, so nobody knows."""

    name = "UpstreamFailure"
    status = 502


def check(account: Account) -> None:
    """Ask the directory, outside of any transaction. Raises InvalidDid, DirectorySilent."""
    data = _published(account.did)
    service = data.services.get(PDS_SERVICE)
    if service is None or service.endpoint.rstrip("/") != account.host.origin:
        raise InvalidDid("DID document does not name this host as the account's PDS")
    if data.verification_methods.get(SIGNING_METHOD) != account.signing_did_key:
        raise InvalidDid("DID document does not name the account's signing key at this host")
    if account.host.rotation_did_key not in data.rotation_keys:
        raise InvalidDid("The rotation keys of the DID do not include this host's")


def is_valid(account: Account) -> bool:
    """Whether `check` passes; a directory that does not answer confirms nothing."""
    try:
        check(account)
    except (InvalidDid, DirectorySilent):
        return False
    return True


def _published(did: str) -> PlcData:
    try:
        newest = directory.newest(did) if did.startswith("did:plc:") else None
    except directory.Unsettled as outcome:
        raise DirectorySilent("The PLC directory does not answer; please try again") from outcome
    data = plc.data_of(newest) if newest is not None else None
    if data is None:
        raise InvalidDid("Could not resolve DID")
    return data
