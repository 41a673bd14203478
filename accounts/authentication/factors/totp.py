"""Codes of an authenticator app.

Source: RFC 6238 as all apps know it: SHA-1, six digits, steps of 30 seconds. A clock may be one
step off, and a step serves once: section 5.2. The secret is wrapped at rest.
"""

import hmac
import time
from collections.abc import Mapping
from typing import Any, Final

import pyotp
from django.core import signing
from django.utils.safestring import SafeString

from accounts.authentication.factors.holders import Holder
from accounts.models import Totp
from hosting.pages import qr_codes
from server.encryption import keyring

STEP_S: Final = 30
_STEPS_OFF: Final = (0, -1, 1)
SET_UP_WITHIN_S: Final = 1_800
_SALT: Final = "accounts.authentication.factors.totp"
_DIGITS: Final = 6


def start(holder: Holder) -> str:
    """A new secret that becomes theirs with a first right code: a text for the page to send back.
    The page shows the secret, too, so that text hides nothing."""
    return signing.dumps({"holder": holder.key, "secret": pyotp.random_base32()}, salt=_SALT)


def started(holder: Holder, text: str) -> str | None:
    """The secret (base32) that `start` made for them; None for another text, or one too old."""
    try:
        known = signing.loads(text, salt=_SALT, max_age=SET_UP_WITHIN_S)
    except signing.BadSignature:
        return None
    return str(known["secret"]) if known["holder"] == holder.key else None


def uri(holder: Holder, secret: str) -> str:
    """What a QR code tells an app (`otpauth:`)."""
    issuer = f"{holder.host.tenant.name} ({holder.host.hostname})"
    return pyotp.TOTP(secret).provisioning_uri(name=holder.name, issuer_name=issuer)


def qr_code(holder: Holder, secret: str) -> SafeString:
    """That URI as SVG."""
    return qr_codes.svg(uri(holder, secret))


def matching_step(secret: str, code: str) -> int | None:
    """The step whose code this is, among those that a clock may be off by."""
    typed = "".join(code.split())
    if not (len(typed) == _DIGITS and typed.isascii() and typed.isdigit()):
        return None
    otp, now = pyotp.TOTP(secret), int(time.time()) // STEP_S
    for step in (now + off for off in _STEPS_OFF):
        if hmac.compare_digest(otp.generate_otp(step), typed):
            return step
    return None


def keep(holder: Holder, secret: str, step: int) -> dict[str, Any] | None:
    """Make the secret theirs, in place of one they had, of which is returned what `restore` needs,
    JSON; the step that proved it is used."""
    before = Totp.objects.filter(**holder.owned).first()
    Totp.objects.filter(**holder.owned).delete()
    wrapped = keyring.wrap(secret.encode())
    Totp.objects.create(**holder.owned, secret=wrapped, last_step=step)
    if before is None:
        return None
    return {"wrapped": bytes(before.secret).hex(), "last_step": before.last_step}


def restore(holder: Holder, kept: Mapping[str, Any]) -> None:
    """Make the secret theirs again that `keep` replaced; steps that were used stay so."""
    wrapped = bytes.fromhex(kept["wrapped"])
    Totp.objects.create(**holder.owned, secret=wrapped, last_step=kept["last_step"])


def spend(holder: Holder, code: str) -> bool:
    """Whether this is a code of theirs whose step was not used yet; it is then."""
    row = Totp.objects.filter(**holder.owned).first()
    if row is None:
        return False
    step = matching_step(keyring.unwrap(bytes(row.secret)).decode(), code)
    if step is None:
        return False
    newer = Totp.objects.filter(pk=row.pk, last_step__lt=step)
    return newer.update(last_step=step) == 1
