"""An authenticator for WebAuthn: what a browser would hand in of it. ES256, no attestation."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, SYNCABLE, WITH_KEY = 0x01, 0x04, 0x08, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A key of somebody's, shown at `origin`; tests change what they want to be wrong."""

    origin: str = "http://localhost:2583"
    rp_id: str = "localhost"
    flags: int = PRESENT | VERIFIED
    counter: int = 1
    client_data: dict = field(default_factory=dict)  # besides what always is there
    user_handle: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: str) -> str:
        """The answer to `navigator.credentials.create()`."""
        asked = json.loads(options)
        self.user_handle = data(asked["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: point.x.to_bytes(32, "big"),
            -3: point.y.to_bytes(32, "big"),
        }
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        said = self._said(WITH_KEY) + credential + cbor2.dumps(cose)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said})
        client_data = self._client_data("webauthn.create", asked)
        return self._answer(
            clientDataJSON=text(client_data),
            attestationObject=text(attestation),
            transports=["usb", "nonsense"],
        )

    def show(self, options: str) -> str:
        """The answer to `navigator.credentials.get()`; the counter moves on."""
        self.counter += 1
        client_data = self._client_data("webauthn.get", json.loads(options))
        said = self._said()
        signed = said + hashlib.sha256(client_data).digest()
        return self._answer(
            clientDataJSON=text(client_data),
            authenticatorData=text(said),
            signature=text(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            userHandle=text(self.user_handle),
        )

    def _answer(self, **response: object) -> str:
        known = text(self.credential_id)
        return json.dumps({"id": known, "rawId": known, "type": "public-key", "response": response})

    def _client_data(self, kind: str, asked: dict) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps({**said, **self.client_data}).encode()

    def _said(self, more: int = 0) -> bytes:
        flags = bytes([self.flags | more])
        return (
            hashlib.sha256(self.rp_id.encode()).digest() + flags + self.counter.to_bytes(4, "big")
        )
