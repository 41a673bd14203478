"""Verification of an account's DID: does it name this host, and a key of ours?

Source: com.atproto.server.activateAccount and checkAccountStatus: the PDS endpoint is this host and
the signing key ours. Whether this host may change the DID, too, is its owner's choice: an account
can be served without (docs/decisions/0007). Whoever holds the
DID's data is asked, no cache: the PLC directory, or the web server that a did:web names.
"""

from django.utils.translation import gettext_lazy as _

from accounts.identity import published_dids, resolution
from accounts.identity.plc import client, did_refresh
from accounts.models import Account
from protocol.did.plc_data import PDS_SERVICE, SIGNING_METHOD, PlcData
from protocol.errors import InvalidRequest, XrpcError


class InvalidDid(InvalidRequest):
    """400: the DID leads elsewhere; the message says in what."""

    page_text = _(
        "The DID of this account points to another host. To use the account here, move it back"
        " first."
    )


class DidServerUnavailable(XrpcError):
    """502: the directory, or the DID's own server, does not answer, so nobody knows."""

    name = "UpstreamFailure"
    status = 502
    page_text = _(
        "The directory of accounts cannot be reached at the moment. Try again in a few minutes."
    )


def check(account: Account) -> None:
    """Ask the network, outside of any transaction. Raises InvalidDid, DidServerUnavailable."""
    if not account.did.startswith("did:plc:"):
        _check_document(account)
        return
    data = _published(account.did)
    service = data.services.get(PDS_SERVICE)
    _compare(
        account,
        service.endpoint if service is not None else None,
        data.verification_methods.get(SIGNING_METHOD),
    )


def is_valid(account: Account) -> bool:
    """Whether `check` passes; a directory that does not answer confirms nothing."""
    try:
        check(account)
    except (InvalidDid, DidServerUnavailable):
        return False
    return True


def _check_document(account: Account) -> None:
    try:
        document = resolution.resolve_did(account.did, fresh=True)
    except resolution.NetworkUnavailable as timeout:
        raise DidServerUnavailable(
            "The DID's server does not answer; please try again"
        ) from timeout
    except resolution.UnresolvedDid as refusal:
        raise InvalidDid("Could not resolve DID") from refusal
    _compare(account, document.pds, document.signing_key)


def _compare(account: Account, endpoint: str | None, signing_did_key: str | None) -> None:
    if not published_dids.names(account, endpoint):
        raise InvalidDid("DID document does not name this host as the account's PDS")
    if signing_did_key != account.signing_did_key:
        raise InvalidDid("DID document does not name the account's signing key at this host")


def _published(did: str) -> PlcData:
    try:
        _, data = did_refresh.ask_directory(did)
    except client.Unsettled as outcome:
        raise DidServerUnavailable(
            "The PLC directory does not answer; please try again"
        ) from outcome
    if data is None:
        raise InvalidDid("Could not resolve DID")
    return data
