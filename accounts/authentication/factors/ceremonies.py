"""What a browser hands in at the end of a WebAuthn ceremony, held against what we asked for.

Source: W3C Web Authentication Level 3, sections 7.1 (registration) and 7.2 (authentication), as
py_webauthn has them. The RP ID is the host's name and the origin its public one; what was signed in
a frame of another site is refused. No attestation is asked for: we judge no makers of keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorTransport,
    CredentialDeviceType,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from hosting.models import Host
from protocol.untrusted_input import bounded_json

RESPONSE_MAX_CHARS: Final = 16_384  # JSON
ID_MAX_BYTES: Final = 1_023  # WebAuthn section 5.1.3
ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_TRANSPORTS: Final = frozenset(each.value for each in AuthenticatorTransport)


class NotAccepted(ValueError):
    """Not what was asked for; whoever handed it in learns no more."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a browser handed in, read as far as one has to know before it can be verified."""

    whole: dict[str, Any]
    challenge: bytes
    credential_id: bytes
    user_handle: bytes  # whom the key thinks it signs in; empty when it does not know
    transports: list[str]  # how the browser reached the key, as far as we know the words


def read(text: str) -> Response:
    """Take a browser's answer apart. Raises NotAccepted, also for one from a frame."""
    if len(text) > RESPONSE_MAX_CHARS:
        raise NotAccepted
    with _refusing():
        whole = bounded_json.loads(text.encode())
        said = whole["response"]
        client_data = bounded_json.loads(_bytes(said["clientDataJSON"]))
        is_framed = client_data.get("crossOrigin", False) is not False or "topOrigin" in client_data
        response = Response(
            whole,
            challenge=_bytes(client_data["challenge"]),
            credential_id=_bytes(whole.get("rawId")),
            user_handle=_bytes(said.get("userHandle")),
            transports=_known_transports(said.get("transports")),
        )
    if is_framed:
        raise NotAccepted
    return response


def registered(host: Host, given: Response) -> VerifiedRegistration:
    """The credential that was made for a host. Raises NotAccepted."""
    with _refusing():
        said = parse_attestation_object(_bytes(given.whole["response"].get("attestationObject")))
        is_by_itself = said.fmt == AttestationFormat.PACKED and not said.att_stmt.x5c
        if said.fmt != AttestationFormat.NONE and not is_by_itself:
            raise NotAccepted  # certificates that nobody asked for are not parsed
        made = webauthn.verify_registration_response(
            credential=given.whole,
            expected_challenge=given.challenge,
            expected_rp_id=host.hostname,
            expected_origin=host.origin,
            supported_pub_key_algs=ALGORITHMS,
        )
    if len(made.credential_id) > ID_MAX_BYTES:
        raise NotAccepted
    return made


def shown(
    host: Host, given: Response, public_key: bytes, *, needs_verification: bool
) -> VerifiedAuthentication:
    """What a credential signed for a host; the counter is for the caller to judge, now that the
    signature is known to be good. Raises NotAccepted."""
    with _refusing():
        return webauthn.verify_authentication_response(
            credential=given.whole,
            expected_challenge=given.challenge,
            expected_rp_id=host.hostname,
            expected_origin=host.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=needs_verification,
        )
    raise AssertionError  # for mypy: `_refusing` raises


def is_syncable(seen: VerifiedRegistration | VerifiedAuthentication) -> bool:
    """Whether copies of the key may exist (flag BE); never changes."""
    return seen.credential_device_type == CredentialDeviceType.MULTI_DEVICE


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever is wrong with an answer is one refusal."""
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        raise NotAccepted from None


def _known_transports(said: Any) -> list[str]:
    words = said if isinstance(said, list) else []
    return sorted({each for each in words if isinstance(each, str) and each in _TRANSPORTS})


def _bytes(text: Any) -> bytes:
    """From base64url; nothing for what is no text."""
    return base64url_to_bytes(text) if isinstance(text, str) else b""
