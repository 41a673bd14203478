"""Fetches a published lexicon: the NSID's domain names a DID, whose repo holds the document.

Source: atproto.com/specs/lexicon, "Lexicon Publication and Resolution": a TXT record
`_lexicon.<domain>` with one `did=`, no walking up the tree of names; then
`com.atproto.lexicon.schema/<nsid>` with the proof that the DID's key signed it. Waits for other
servers, so never in a transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings

from accounts.identity import resolution
from hosting.models import Host
from protocol import cbor, lexicon
from protocol.did.did_document import DidDocument
from protocol.errors import XrpcError
from protocol.keys import InvalidKey, PublicKey
from protocol.repo import record_proof
from protocol.repo.record_proof import BadSignature, ProofError, ProvenRecord
from protocol.syntax import is_did
from repos.reads import record_proofs, refusals, repos
from server.net import dns, http_client

SCHEMA: Final = "com.atproto.lexicon.schema"
PROOF_MAX_BYTES: Final = 1_000_000
_PREFIX: Final = "did="
_NOT_IN_DNS: Final = ("test", "localhost", "invalid", "local", "onion")  # RFC 6761, 6762, 7686
_ABSENT: Final = (400, 404)  # RecordNotFound and RepoNotFound, or no such account


class LexiconNotFound(XrpcError):
    """400: the network answered, and there is no such lexicon; `message` says why."""

    name = "LexiconNotFound"


class AuthorityUnavailable(XrpcError):
    """502: whoever would know does not answer."""

    name = "UpstreamFailure"
    status = 502


@dataclass(frozen=True, slots=True)
class Publication:
    """A lexicon as its authority published it: `block` is the record's DAG-CBOR."""

    nsid: str
    did: str
    cid: bytes
    block: bytes
    document: Mapping[str, Any]


def authority_of(nsid: str) -> str:
    """`com.example.foo.bar` -> `foo.example.com`, the domain that decides about the NSID."""
    return ".".join(reversed(nsid.lower().split(".")[:-1]))


def find_authority(nsid: str) -> str:
    """The DID that the NSID's domain names. Raises LexiconNotFound, AuthorityUnavailable."""
    domain = authority_of(nsid)
    if domain.rpartition(".")[2] in _NOT_IN_DNS:
        raise LexiconNotFound(f"No name server knows {domain}")
    try:
        values = dns.values(f"_lexicon.{domain}")
    except dns.NoAnswer as timeout:
        raise AuthorityUnavailable(f"The name servers of {domain} do not answer") from timeout
    named = [value.removeprefix(_PREFIX) for value in values if value.startswith(_PREFIX)]
    if len(named) != 1 or not is_did(named[0]):
        raise LexiconNotFound(f"_lexicon.{domain} does not name one DID")
    return named[0]


def fetch(nsid: str, did: str) -> Publication:
    """The lexicon in the repo of its authority. Raises LexiconNotFound, AuthorityUnavailable."""
    try:
        proven = _verified(nsid, did, fresh=False)
    except BadSignature:
        proven = _proven_afresh(nsid, did)
    except ProofError as fault:
        raise LexiconNotFound(f"The proof from {did} is invalid: {fault}") from fault
    if proven is None:
        raise LexiconNotFound(f"{did} does not publish {nsid}")
    return Publication(nsid, did, proven.cid, proven.block, read_document(nsid, proven.block))


def read_document(nsid: str, block: bytes) -> Mapping[str, Any]:
    """A lexicon record as a document that may be compiled. Raises LexiconNotFound."""
    try:
        value = cbor.decode(block)
        if not isinstance(value, dict) or value.get("$type") != SCHEMA:
            raise LexiconNotFound(f"The record of {nsid} is not a {SCHEMA}")
        if value.get("id") != nsid:
            raise LexiconNotFound(f"The record of {nsid} is about another NSID")
        lexicon.check_untrusted(value, len(block))
    except (cbor.CborError, lexicon.DocumentError) as fault:
        raise LexiconNotFound(f"The document of {nsid} is unusable: {fault}") from fault
    return value


def _proven_afresh(nsid: str, did: str) -> ProvenRecord | None:
    """Once more, with the DID's document of this moment: its key may have changed."""
    try:
        return _verified(nsid, did, fresh=True)
    except ProofError as fault:
        raise LexiconNotFound(f"The proof from {did} is invalid: {fault}") from fault


def _verified(nsid: str, did: str, *, fresh: bool) -> ProvenRecord | None:
    document = _document_of(did, fresh=fresh)
    try:
        key = PublicKey.from_did_key(document.signing_key or "")
    except InvalidKey as fault:
        raise LexiconNotFound(f"{did} has no signing key") from fault
    proof = _proof(document, nsid)
    if proof is None:
        return None
    return record_proof.verify(proof, did, key, f"{SCHEMA}/{nsid}")


def _document_of(did: str, *, fresh: bool) -> DidDocument:
    try:
        return resolution.resolve_did(did, fresh=fresh)
    except resolution.UnresolvedDid as refusal:
        raise LexiconNotFound(f"{did}: {refusal.message}") from refusal
    except resolution.NetworkUnavailable as timeout:
        raise AuthorityUnavailable(timeout.message) from timeout


def _proof(document: DidDocument, nsid: str) -> bytes | None:
    """The CAR that proves the record or its absence; None when its server has no such repo."""
    if document.pds is None:
        raise LexiconNotFound(f"{document.did} has no PDS")
    host = Host.objects.filter(origin=document.pds).first()
    if host is not None:
        return _own_proof(host, document.did, nsid)
    asked = urlencode({"did": document.did, "collection": SCHEMA, "rkey": nsid})
    url = f"{document.pds}/xrpc/com.atproto.sync.getRecord?{asked}"
    try:
        answer = http_client.request(
            "GET", url, timeout_s=settings.RESOLVE_TIMEOUT_S, max_bytes=PROOF_MAX_BYTES
        )
    except (http_client.Forbidden, http_client.TooLarge) as refusal:
        raise LexiconNotFound(str(refusal)) from refusal
    except (http_client.Unreachable, http_client.TimedOut) as timeout:
        raise AuthorityUnavailable(f"The PDS of {document.did} does not answer") from timeout
    if answer.status in _ABSENT:
        return None
    if answer.status != 200:
        raise AuthorityUnavailable(f"The PDS of {document.did} answered {answer.status}")
    return answer.body


def _own_proof(host: Host, did: str, nsid: str) -> bytes | None:
    """As `_proof`, of an authority that lives here: no question to ourselves over HTTP."""
    try:
        repo = repos.find_repo(host, did)
        refusals.refuse_inactive(repo.did, repo.status)
    except XrpcError:  # gone or not active: what anybody would be told
        return None
    return record_proofs.record_proof(repo, SCHEMA, nsid)
