"""A whole identity: a DID, its document, and its handle if each leads to the other.

Source: com.atproto.identity.defs#identityInfo; atproto.com/specs/handle: a handle counts when the
DID's document lists it and it resolves to that DID.
"""

from dataclasses import dataclass

from accounts.identity.handles import allocation
from accounts.identity.resolution.dids import resolve_did
from accounts.identity.resolution.errors import HandleNotFound
from accounts.identity.resolution.network_handles import heard_of, resolve_handle
from hosting.models import Host
from protocol.did.did_document import DidDocument


@dataclass(frozen=True)
class Identity:
    """`handle` is None when the DID lists none that leads back to it."""

    did: str
    handle: str | None
    document: DidDocument


def identify(host: Host, identifier: str, *, fresh: bool = False) -> Identity:
    """The identity of a DID or a handle, as it shows from a host. `fresh` asks past what is
    remembered.

    Raises HandleNotFound and the errors of `resolve_did`.
    """
    did = identifier if identifier.startswith("did:") else did_of(host, identifier, fresh=fresh)
    document = resolve_did(did, fresh=fresh)
    listed = document.handle
    is_proven = listed is not None and resolve_handle(listed, fresh=fresh) == did
    return Identity(did, listed if is_proven else None, document)


def known_did_of(host: Host, handle: str) -> str | None:
    """The DID as `did_of` has it without asking anybody; None when it would have to. Raises
    HandleNotFound."""
    if own := allocation.resolve(host, handle):
        return own
    heard = heard_of(handle)
    if heard is not None and heard.did is None:
        raise HandleNotFound
    return heard.did if heard is not None else None


def did_of(host: Host, handle: str, *, fresh: bool = False) -> str:
    """The DID of a handle: of one of the host's accounts, else by the network. Raises
    HandleNotFound."""
    did = allocation.resolve(host, handle) or resolve_handle(handle, fresh=fresh)
    if did is None:
        raise HandleNotFound
    return did
