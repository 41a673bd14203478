"""Identity resolution: DIDs to their documents, handles to their DIDs.

Source: atproto.com/specs/did and handle. Its interface is the names below. All of them may
wait on other servers for seconds, so a method that uses one is declared in the pool `remote`, or
`lookup` where anybody may call it, and none is called inside a transaction.

    resolve_did(did, fresh=False) -> DidDocument        remembered for an hour; a document of a
        day may stand in while its server is silent
    resolve_handle(handle, fresh=False) -> did or None  what the handle's own domain says
    ask_for_handle(handle) -> did or None               the same unremembered; raises
    NetworkUnavailable identify(host, did_or_handle, fresh=False) -> Identity(did, handle or None,
    document) did_of(host, handle, fresh=False) -> did            of one of the host's accounts,
    else by the
        network; raises HandleNotFound
    proofs_of(handle) -> Proofs                         what DNS and HTTPS say, apart
    known_did_of(host, handle) -> did or None           without asking anybody; None: one would
        have to
    known_did(did) -> DidDocument or None; settle_did(did, hear) -> DidDocument
        the two halves of resolve_did for whoever asks on the event loop, in between
    remember_document(did, document)                    after we changed a DID ourselves
"""

from accounts.identity.resolution.dids import (
    Document,
    Hear,
    known_did,
    remember_document,
    resolve_did,
    settle_did,
)
from accounts.identity.resolution.errors import (
    DidDeactivated,
    DidNotFound,
    DidUnusable,
    HandleNotFound,
    NetworkUnavailable,
    UnresolvedDid,
)
from accounts.identity.resolution.identities import Identity, did_of, identify, known_did_of
from accounts.identity.resolution.network_handles import (
    Proof,
    Proofs,
    ask_for_handle,
    proofs_of,
    resolve_handle,
)

__all__ = [
    "DidDeactivated",
    "DidNotFound",
    "DidUnusable",
    "Document",
    "HandleNotFound",
    "Hear",
    "Identity",
    "NetworkUnavailable",
    "Proof",
    "Proofs",
    "UnresolvedDid",
    "ask_for_handle",
    "did_of",
    "identify",
    "known_did",
    "known_did_of",
    "proofs_of",
    "remember_document",
    "resolve_did",
    "resolve_handle",
    "settle_did",
]
