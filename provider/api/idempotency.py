"""Idempotency keys: a request that is sent twice is done once, and answered alike.

Source: draft-ietf-httpapi-idempotency-key-header. A key is a token's own for a day. What failed is
forgotten, so that it can be tried again under the same key. A request whose process died is never
begun again under its key: nobody knows how far it came, so whoever sent it is told to look.
"""

import base64
import hashlib
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from protocol.errors import InvalidRequest, XrpcError
from protocol.untrusted_input import bounded_json
from provider.models import ApiToken, IdempotentRequest
from server.encryption import keyring

KEPT: Final = timedelta(hours=24)
_KEY_MAX = 255
_THEN: Final = b"\n"


class KeyReused(XrpcError):
    """422: the key came before, with another request."""

    name = "IdempotencyKeyReused"
    status = 422
    message = "This Idempotency-Key came before, with another request."


class StillRunning(XrpcError):
    """409: the first request of this key has no answer yet."""

    name = "RequestInProgress"
    status = 409
    message = (
        "The first request with this Idempotency-Key has no answer yet. If it stays so for minutes,"
        " it broke off: look whether it was done, and send it with another key if not."
    )


def begin(token: ApiToken, request: Request) -> IdempotentRequest | None:
    """The row of this request: new, or with the answer of before; None when it has no key.

    Raises KeyReused, StillRunning, InvalidRequest.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return None
    if len(key) > _KEY_MAX or not key.isprintable():
        raise InvalidRequest(f"An Idempotency-Key has at most {_KEY_MAX} printable characters.")
    fingerprint = _fingerprint(request)
    now = timezone.now()
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(
                token=token, key=key, fingerprint=fingerprint, created_at=now
            )
    except IntegrityError:
        return _taken_up(token, key, fingerprint)


def end(row: IdempotentRequest, status: int, body: Any, location: str = "") -> None:
    """Keep a success, with where it says to look; forget anything else."""
    if 200 <= status < 300:
        said = JSONRenderer().render(body)  # one line
        kept = keyring.wrap(location.encode() + _THEN + said if location else said)
        IdempotentRequest.objects.filter(pk=row.pk).update(
            status=status, body=base64.b64encode(kept).decode()
        )
    else:
        row.delete()


def answer_of(row: IdempotentRequest) -> tuple[Any, str]:
    """What was answered, and its `Location` if it had one. It is kept encrypted: secrets of
    webhooks and invite codes are in it."""
    kept = keyring.unwrap(base64.b64decode(str(row.body)))
    location, _, sent = kept.rpartition(_THEN)
    return (bounded_json.loads(sent) if sent else None), location.decode()


def forget_old() -> None:
    """The sweep: keys of more than a day ago."""
    IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


@transaction.atomic
def _taken_up(token: ApiToken, key: str, fingerprint: bytes) -> IdempotentRequest:
    now = timezone.now()
    row = IdempotentRequest.objects.select_for_update().filter(token=token, key=key).first()
    if row is None:  # it failed meanwhile
        raise StillRunning
    if row.created_at < now - KEPT:
        row.fingerprint, row.created_at, row.status, row.body = fingerprint, now, None, None
        row.save()
    elif bytes(row.fingerprint) != fingerprint:
        raise KeyReused
    elif row.status is None:
        raise StillRunning
    return row


def _fingerprint(request: Request) -> bytes:
    address = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(address + request._request.body).digest()
