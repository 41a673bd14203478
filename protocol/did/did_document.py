"""DID documents: giving one out for a did:plc, and reading the parts that AT Protocol looks at.

Source: atproto.com/specs/did ("Representation in DID Documents") and the did:plc specification
("Presentation as DID Document"). A document from elsewhere is anybody's JSON: readers answer None
for what is missing or malformed and never raise. Of several entries with one id the first counts,
even when it is unusable, so that nobody can hide a second meaning behind a broken first one.
"""

import re
from collections.abc import Mapping
from typing import Any

from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, SIGNING_METHOD, PlcData
from protocol.keys import InvalidKey, PublicKey
from protocol.syntax import is_did, is_handle, normalize_handle

_BASE_CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
_ORIGIN = re.compile(
    r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?", re.I | re.A
)
_PORTS = range(1, 65_536)
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
        return _origin(entry.get("serviceEndpoint"))

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
        """The service with this id (`atproto_labeler` or `#atproto_labeler`) as an origin without
        trailing slash; None for a URL with more in it."""
        entry = self._entry("service", id.removeprefix("#"))
        return _origin(entry.get("serviceEndpoint")) if entry else None

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


def _origin(endpoint: object) -> str | None:
    """The endpoint without trailing slash, when it is an http or https origin.

    Callers append `/xrpc/...`: behind a path, a `?` or a `#` that would be the document's own word
    on what is asked for, and before an `@` on whom is asked.
    """
    if not isinstance(endpoint, str):
        return None
    origin = endpoint.rstrip("/")
    match = _ORIGIN.fullmatch(origin)
    return origin if match and int(match["port"] or 1) in _PORTS else None
