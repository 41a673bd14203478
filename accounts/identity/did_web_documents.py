"""DID documents of the did:web identities that we serve, at the host name that is the DID.

Source: https://w3c-ccg.github.io/did-method-web/; atproto.com/specs/did (host names only). Whoever
changes them: `did_web`.
"""

from typing import Any

from accounts.models import WebIdentity
from hosting.models import Host
from protocol.did import did_document
from protocol.did.plc_data import PDS_SERVICE, PlcData, Service

PREFIX = "did:web:"


def did_of(handle: str) -> str:
    """The did:web of a handle's host name."""
    return PREFIX + handle


def named(host: Host, hostname: str) -> WebIdentity | None:
    """The identity of a host name under one of the host's handle domains."""
    return WebIdentity.objects.filter(host=host, did=did_of(hostname)).first()


def document(identity: WebIdentity) -> dict[str, Any]:
    """The DID document, as it stands at `/.well-known/did.json`."""
    return did_document.render(identity.did, data_of(identity))


def is_ended(identity: WebIdentity) -> bool:
    """Whether the account is gone and its owner never took the identity elsewhere."""
    service = identity.services.get(PDS_SERVICE, {})
    return identity.account_id is None and service.get("endpoint") == identity.host.origin


def data_of(identity: WebIdentity) -> PlcData:
    """What the document says; a did:web has no rotation keys."""
    return PlcData(
        rotation_keys=(),
        verification_methods=dict(identity.verification_methods),
        also_known_as=tuple(identity.also_known_as),
        services={
            name: Service(service["type"], service["endpoint"])
            for name, service in identity.services.items()
        },
    )
