"""DID documents that this platform serves itself, from the database instead of by HTTP to itself.

Source: https://w3c-ccg.github.io/did-method-web/. They are public: `/.well-known/did.json` of the
name in question gives the same to anybody (xrpc.wellknown).
"""

from typing import Any

from hosting.models import Host
from protocol.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE


def find(did: str) -> dict[str, Any] | None:
    """The document of a DID whose server we are; None for all others, did:plc among them."""
    if not did.startswith("did:web:"):
        return None
    host = Host.objects.filter(service_did=did).first()
    return of_host(host) if host is not None else None


def of_host(host: Host) -> dict[str, Any]:
    """The did:web document of a host: where its PDS is."""
    service = {
        "id": f"#{PDS_SERVICE}",
        "type": PDS_SERVICE_TYPE,
        "serviceEndpoint": host.origin,
    }
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": host.service_did,
        "service": [service],
    }
