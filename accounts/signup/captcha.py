"""Captchas of hosts that ask for one, wherever people sign up (`verificationCode`).

Two kinds. Without settings it is a puzzle of our own: a signed challenge, and a number that makes
SHA-256 of `challenge:number` begin with sixteen zero bits. It needs no third party, no picture and
no eyes, works under our content security policy, and makes a flood cost seconds of computing each.
With `Host.captcha_verify_url` it is an outside service of the common kind (hCaptcha, Turnstile,
reCAPTCHA): their answer is verified by a POST of secret and response. Apps that cannot show either
open our gate (accounts.pages.captcha.gate) and hand in the pass that it gives. An answer is good
once.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import SpentChallenge
from hosting.models import Host
from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json
from server.encryption import keyring
from server.net import http_client

ZERO_BITS: Final = 16  # 65,000 hashes on average: about a second in a browser
LIVES: Final = timedelta(minutes=15)
ANSWER_MAX_CHARS: Final = 8192
_NUMBER_MAX_CHARS = 20
_SALT = "accounts.captcha"
_PASS_SALT = "accounts.captcha.pass"  # noqa: S105 - a salt's name
_PASS = "pass."  # noqa: S105 - what our own answers begin with
_VERIFY_TIMEOUT_S = 5.0
_VERIFY_MAX_BYTES = 20_000


class CaptchaRefused(XrpcError):
    """400: no answer, a wrong one, or one that was used before."""

    name = "InvalidRequest"
    field = "verification_code"
    message = "Verification failed. Please try again."
    page_text = _("The captcha was not solved. Please try again.")


def is_our_own(host: Host) -> bool:
    """Whether the host asks our puzzle and not an outside service's."""
    return not host.captcha_verify_url


def challenge(host: Host) -> str:
    """A fresh puzzle for this host; the answer is `<challenge>:<number>`."""
    value = {"host": host.pk, "nonce": secrets.token_urlsafe(12)}
    return signing.dumps(value, salt=_SALT).replace(":", ".")


def give_pass(host: Host, answer: str | None, address: str = "") -> str:
    """For an answer that is right, another that an app can hand in. Raises CaptchaRefused."""
    check(host, answer, address)
    value = {"host": host.pk, "nonce": secrets.token_urlsafe(12)}
    return _PASS + signing.dumps(value, salt=_PASS_SALT)


def check(host: Host, answer: str | None, address: str = "") -> None:
    """Take an answer, once. May ask the outside service: call it outside of any transaction.

    Raises CaptchaRefused.
    """
    if not answer:
        raise CaptchaRefused("Verification is now required on this server.")
    if len(answer) > ANSWER_MAX_CHARS:
        raise CaptchaRefused
    if answer.startswith(_PASS):
        _check_signed(host, answer.removeprefix(_PASS), _PASS_SALT)
        _spend(host, answer)
    elif is_our_own(host):
        _check_puzzle(host, answer)
        _spend(host, answer.rpartition(":")[0])  # a puzzle has many right numbers
    else:
        _ask_service(host, answer, address)
        _spend(host, answer)


def zero_bits(answer: str) -> int:
    """With how many zero bits the hash of an answer begins."""
    digest = hashlib.sha256(answer.encode(errors="replace")).digest()
    return len(digest) * 8 - int.from_bytes(digest, "big").bit_length()


def forget_spent() -> None:
    """The sweep: answers whose challenge has expired need not be remembered."""
    SpentChallenge.objects.filter(expires_at__lt=timezone.now()).delete()


def _check_puzzle(host: Host, answer: str) -> None:
    puzzle, _colon, number = answer.rpartition(":")
    is_number = number.isascii() and number.isdigit() and len(number) <= _NUMBER_MAX_CHARS
    if not is_number or zero_bits(answer) < ZERO_BITS:
        raise CaptchaRefused
    _check_signed(host, puzzle.replace(".", ":"), _SALT)


def _check_signed(host: Host, text: str, salt: str) -> None:
    try:
        signed = signing.loads(text, salt=salt, max_age=LIVES)
    except signing.BadSignature:
        raise CaptchaRefused from None
    if signed["host"] != host.pk:
        raise CaptchaRefused


def _ask_service(host: Host, answer: str, address: str) -> None:
    secret = keyring.unwrap(bytes(host.captcha_secret)).decode() if host.captcha_secret else ""
    form = {"secret": secret, "response": answer, **({"remoteip": address} if address else {})}
    try:
        said = http_client.request(
            "POST",
            host.captcha_verify_url,
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout_s=_VERIFY_TIMEOUT_S,
            max_bytes=_VERIFY_MAX_BYTES,
        )
        verdict = bounded_json.loads(said.body)
    except (http_client.Unreachable, http_client.TimedOut, ValueError):
        raise CaptchaRefused("Verification is not possible at the moment.") from None
    if not isinstance(verdict, dict) or verdict.get("success") is not True:
        raise CaptchaRefused


def _spend(host: Host, what: str) -> None:
    if not SpentChallenge.objects.claim(f"{host.pk}:{what}".encode(), LIVES):
        raise CaptchaRefused
