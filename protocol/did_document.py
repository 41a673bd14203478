"""DID documents: giving one out for a did:plc, and reading the parts that AT Protocol looks at.

Source: atproto.com/specs/did ("Representation in DID Documents") and the did:plc specification
("Presentation as DID Document"). A document from elsewhere is anybody's JSON: readers answer None
for what is missing or malformed and never raise. Of several entries with one id the first counts,
even when it is unusable, so that nobody can hide a second meaning behind a broken first one.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from protocol.keys import InvalidKey, PublicKey
from protocol.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, SIGNING_METHOD, PlcData
from protocol.syntax import is_did, is_handle, normalize_handle

_BASE_CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
_CURVE_CONTEXTS = {
    "k256": "https://w3id.org/security/suites/secp256k1-2019/v1",
    "p256": "https://w3id.org/security/suites/ecdsa-2019/v1",
}


class InvalidDidDocument(ValueError):
    """Not a DID document at all: no object, or without the DID that it is about."""


def render(did: str, data: PlcData) -> dict[str, Any]:
    """The document that the PLC directory serves for this data."""
    contexts = list(_BASE_CONTEXTS)
    for key in data.verification_methods.values():
        context = _CURVE_CONTEXTS.get(_curve_of(key))
        if context and context not in contexts:
            contexts.append(context)
    return {
        "@context": contexts,
        "id": did,
        "alsoKnownAs": list(data.also_known_as),
        "verificationMethod": [
            {
                "id": f"{did}#{name}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": key.removeprefix("did:key:"),
            }
            for name, key in data.verification_methods.items()
        ],
        "service": [
            {"id": f"#{name}", "type": service.type, "serviceEndpoint": service.endpoint}
            for name, service in data.services.items()
        ],
    }


class DidDocument:
    """A DID document from parsed JSON. Raises InvalidDidDocument when it names no DID.

    Whoever fetched it compares `.did` with the DID that was asked for.
    """

    def __init__(self, doc: object) -> None:
        did = doc.get("id") if isinstance(doc, dict) else None
        if not isinstance(doc, dict) or not isinstance(did, str) or not is_did(did):
            raise InvalidDidDocument("A DID document is a JSON object with a DID as its id")
        self.did = did
        self._doc = doc

    @property
    def json(self) -> Mapping[str, Any]:
        """The document as it was given, every field of it."""
        return self._doc

    @property
    def handle(self) -> str | None:
        """The handle that the DID claims: the first `at://` name, lower case. Not yet verified."""
        names = self._doc.get("alsoKnownAs")
        for name in names if isinstance(names, list) else []:
            if isinstance(name, str) and name.startswith("at://"):
                handle = name.removeprefix("at://")
                return normalize_handle(handle) if is_handle(handle) else None
        return None

    @property
    def pds(self) -> str | None:
        """The account's PDS as an origin without trailing slash; None for a URL with more in it."""
        entry = self._entry("service", PDS_SERVICE)
        if entry is None or entry.get("type") != PDS_SERVICE_TYPE:
            return None
        url = _http_url(entry.get("serviceEndpoint"))
        return url if url is not None and _is_origin(url) else None

    @property
    def signing_key(self) -> str | None:
        """The did:key that signs the account's repository, of a curve that we can verify."""
        return self.key(SIGNING_METHOD)

    def key(self, method: str) -> str | None:
        """The did:key of a verification method (`atproto`, `atproto_label`), likewise."""
        entry = self._entry("verificationMethod", method) or {}
        suite, multibase = entry.get("type"), entry.get("publicKeyMultibase")
        if not isinstance(suite, str) or not isinstance(multibase, str):
            return None
        try:
            return PublicKey.from_verification_method(suite, multibase).did_key
        except InvalidKey:
            return None

    def service(self, id: str) -> str | None:  # noqa: A002 - the document's own word
        """The http(s) URL of the service with this id (`atproto_labeler` or `#atproto_labeler`)."""
        entry = self._entry("service", id.removeprefix("#"))
        return _http_url(entry.get("serviceEndpoint")) if entry else None

    def _entry(self, section: str, fragment: str) -> Mapping[str, Any] | None:
        entries = self._doc.get(section)
        ids = (f"#{fragment}", f"{self.did}#{fragment}")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and entry.get("id") in ids:
                return entry
        return None


def _curve_of(did_key: str) -> str:
    try:
        return PublicKey.from_did_key(did_key).curve
    except InvalidKey:  # any syntactically right key may stand in an operation
        return ""


def _http_url(endpoint: object) -> str | None:
    """The endpoint without trailing slash, when it is an http or https URL with a host."""
    if not isinstance(endpoint, str):
        return None
    try:
        parts = urlsplit(endpoint)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, brackets that do not close
        return None
    return endpoint.rstrip("/") if parts.scheme in ("http", "https") and has_host else None


def _is_origin(url: str) -> bool:
    parts = urlsplit(url)
    return "@" not in parts.netloc and url == f"{parts.scheme}://{parts.netloc}"
