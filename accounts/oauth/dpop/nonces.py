"""DPoP nonces: made from the host's secret and the minute, so that none is kept.

Source: RFC 9449 section 8. A nonce is good in its own minute and the ones beside it, so none is
ever older than two minutes; processes whose clocks differ a little agree.
"""

import hmac
import time
from functools import lru_cache
from typing import Final

from accounts.oauth import opaque
from hosting.models import Host
from server.encryption.compact_jws import base64url

WINDOW_S: Final = 60


def current(host: Host) -> str:
    """What the host's answers carry in `DPoP-Nonce`."""
    return _of_minute(host.pk, bytes(host.token_secret), int(time.time()) // WINDOW_S)


def is_good(host: Host, nonce: str) -> bool:
    """Whether a proof may carry it now."""
    secret, minute = bytes(host.token_secret), int(time.time()) // WINDOW_S
    given = nonce.encode(errors="replace")
    return any(
        hmac.compare_digest(given, _of_minute(host.pk, secret, each).encode())
        for each in (minute, minute - 1, minute + 1)
    )


@lru_cache(maxsize=3_000)
def _of_minute(host_id: int, wrapped_secret: bytes, minute: int) -> str:
    message = f"{host_id}:{minute}".encode()
    return base64url(opaque.mac_by(wrapped_secret, "dpop nonce", message)).decode()
