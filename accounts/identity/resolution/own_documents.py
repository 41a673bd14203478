"""DID documents of this platform, found in the database instead of by HTTP to itself.

Source: https://w3c-ccg.github.io/did-method-web/. They are public: `/.well-known/did.json` of the
name in question gives the same to anybody (xrpc.well_known).
"""

from typing import Any

from accounts.identity import did_web_documents
from accounts.identity.resolution.errors import DidDeactivated
from accounts.models import WebIdentity
from hosting.models import Host
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE


def find(did: str) -> dict[str, Any] | None:
    """The document of a DID whose server we are; None for all others, did:plc among them.

    Raises DidDeactivated.
    """
    if not did.startswith("did:web:"):
        return None
    host = Host.objects.filter(service_did=did).first() or _by_second_name(did)
    if host is not None:
        return of_host(host)
    identity = WebIdentity.objects.select_related("host").filter(did=did).first()
    if identity is not None and did_web_documents.is_ended(identity):
        raise DidDeactivated
    return did_web_documents.document(identity) if identity is not None else None


def _by_second_name(did: str) -> Host | None:
    name = did.removeprefix("did:web:").partition("%3A")[0]
    host = Host.objects.filter(other_hostname=name).first()
    other = host.under_other_name() if host is not None else None
    return other if other is not None and other.service_did == did else None


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
