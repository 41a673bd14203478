"""Session tokens and service tokens: forged ones, and ones whose payload is odd but well signed.

An input is a whole token, or a header and a payload with a dot between, signed here.
"""

import base64
import hmac
import os
import uuid
from contextlib import suppress

import django

if "DJANGO_SETTINGS_MODULE" not in os.environ:  # under pytest the conftest has done all this
    os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
    os.environ.setdefault("GROVE_KEK", "fuzz:" + "11" * 32)
    django.setup()

from accounts.authentication import session_tokens
from accounts.service_auth import tokens as service_tokens
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.errors import XrpcError
from protocol.keys import SigningKey
from server.encryption import keyring

_SECRET = b"\2" * 32
_HOST = Host(service_did="did:web:localhost", token_secret=keyring.wrap(_SECRET))
_DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
_LXM = "com.atproto.server.createAccount"
_KEY = SigningKey.load("k256", b"\1" * 32)
_DOCUMENT = DidDocument(
    {
        "id": _DID,
        "verificationMethod": [
            {
                "id": f"{_DID}#atproto",
                "type": "Multikey",
                "controller": _DID,
                "publicKeyMultibase": _KEY.did_key.removeprefix("did:key:"),
            }
        ],
    }
)
SEEDS = (
    session_tokens.make_access(_HOST, _DID, session_tokens.ACCESS_SCOPE, uuid.UUID(int=1)).encode(),
    b'{"typ":"at+jwt","alg":"HS256"}.{"scope":"com.atproto.access","aud":"did:web:localhost",'
    b'"sub":"did:plc:ewvi7nxzyoun6zhxrhs64oiz","iat":1,"exp":9999999999}',
    b'{"typ":"refresh+jwt","alg":"HS256"}.{"scope":"com.atproto.refresh","aud":"did:web:localhost",'
    b'"sub":"did:plc:ewvi7nxzyoun6zhxrhs64oiz","iat":1,"exp":9999999999,"jti":"x"}',
    b'{"typ":"JWT","alg":"ES256K"}.{"iss":"did:plc:ewvi7nxzyoun6zhxrhs64oiz","aud":"did:web:localhost",'
    b'"exp":1e300,"lxm":"com.atproto.server.createAccount","jti":"y"}',
)


def check(data: bytes) -> None:
    """Claims or a refusal; nothing that was not signed is believed."""
    text = data.decode(errors="surrogateescape")
    believed = _readings(text)
    assert not believed or data == SEEDS[0]
    header, dot, payload = data.partition(b".")
    if dot:
        signed = _base64(header) + b"." + _base64(payload)
        _readings((signed + b"." + _base64(hmac.digest(_SECRET, signed, "sha256"))).decode())
        _readings((signed + b"." + _base64(_KEY.sign(signed))).decode())


def _readings(jwt: str) -> list[object]:
    read: list[object] = []
    for reader in (
        session_tokens.read_access,
        session_tokens.read_refresh,
        session_tokens.read_refresh_of_any_age,
    ):
        with suppress(XrpcError):
            read.append(reader(_HOST, jwt))
    with suppress(XrpcError):
        read.append(service_tokens.verify(jwt, [_HOST.service_did], _LXM, document_of=_document))
    return read


def _document(did: str, *, fresh: bool = False) -> DidDocument:
    return _DOCUMENT


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
