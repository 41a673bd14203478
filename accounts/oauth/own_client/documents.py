"""Who we are to other hosts' authorization servers: a client document for each host, and its key.

Source: atproto.com/specs/oauth, "Clients". The key is made of the host's secret, so there is none
to keep. A host without https (a sandbox) is a development client instead, public, whose way back
leads to a loopback address.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from accounts.oauth import opaque
from accounts.oauth.own_client import keys
from accounts.oauth.own_client.refusals import NoOAuth
from hosting.models import Host
from hosting.tenancy.routing import LOOPBACK

PATH: Final = "/oauth/client-metadata.json"
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody signs in elsewhere for: the path of the way back, and the scope it takes."""

    name: str
    path: str
    scope: str


PURPOSES: Final[dict[str, Purpose]] = {}


def is_development(host: Host) -> bool:
    """Whether the host is a development client."""
    return not host.origin.startswith("https://")


def check(host: Host) -> None:
    """Whether the host can be a client. Of those without https only `localhost` has a loopback
    address that leads back to it. Raises NoOAuth."""
    if is_development(host) and urlsplit(host.origin).hostname != "localhost":
        raise NoOAuth("A host without https can be no client")


def client_id(host: Host, purpose: Purpose) -> str:
    """The URL of our document; of a development client the parameters are in it."""
    if not is_development(host):
        return f"{host.origin}{PATH}"
    query = {"redirect_uri": redirect_uri(host, purpose), "scope": purpose.scope}
    return f"http://localhost?{urlencode(query)}"


def redirect_uri(host: Host, purpose: Purpose) -> str:
    """Where the browser comes back."""
    if not is_development(host):
        return f"{host.origin}{purpose.path}"
    port = urlsplit(host.origin).port
    return f"http://{LOOPBACK}{f':{port}' if port else ''}{purpose.path}"


def document(host: Host) -> dict[str, Any]:
    """`/oauth/client-metadata.json`."""
    scopes = {scope for each in PURPOSES.values() for scope in each.scope.split()}
    return {
        "client_id": f"{host.origin}{PATH}",
        "client_name": host.tenant.name,
        "client_uri": host.origin,
        "application_type": "web",
        "redirect_uris": sorted(f"{host.origin}{each.path}" for each in PURPOSES.values()),
        "scope": " ".join(sorted({"atproto"} | scopes)),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": keys.ALGORITHM,
        "dpop_bound_access_tokens": True,
        "jwks": {"keys": [_public(key_of(host))]},
    }


def proven(host: Host, purpose: Purpose, issuer: str) -> dict[str, str]:
    """The parameters by which we prove ourselves to a server."""
    name = client_id(host, purpose)
    if is_development(host):
        return {"client_id": name}
    return {
        "client_id": name,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": keys.assertion(key_of(host), name, issuer),
    }


def key_of(host: Host) -> ECKey:
    """The host's key for assertions."""
    return _derived(opaque.mac(host, "own client's key", b""))


@lru_cache(maxsize=500)
def _derived(seed: bytes) -> ECKey:
    number = int.from_bytes(seed, "big") % (_P256_ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    return ECKey.import_key(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def _public(key: ECKey) -> dict[str, Any]:
    return {
        **key.as_dict(private=False),
        "kid": key.thumbprint(),
        "use": "sig",
        "alg": keys.ALGORITHM,
    }
