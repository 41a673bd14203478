"""The PLC directory client: asks for the newest operation, posts one.

Source: the did-method-plc HTTP API. Every failure is told apart by what it says about the fate of
a posted operation: refused, certainly not accepted, or unknown.
"""

from typing import Any

import orjson
from django.conf import settings

from accounts.models import PlcOperation
from protocol.did import plc
from protocol.untrusted_input import bounded_json
from server.net import http_client

_ANSWER_MAX_BYTES = 64_000
_LOG_MAX_BYTES = 4_000_000
# 4xx answers that are about the moment and not about the operation
_TRY_LATER = frozenset({408, 425, 429})


class Refused(Exception):
    """The directory looked at the operation and said no."""


class Unsettled(Exception):
    """No answer about the operation. `failure` says whether it may have been accepted."""

    def __init__(self, failure: PlcOperation.Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


def newest_cid(did: str) -> str | None:
    """The CID of the DID's newest operation, None when the directory has never heard of it or
    has a tombstone for it. Raises `Unsettled`."""
    operation = newest(did)
    return plc.cid_of(operation) if operation is not None else None


def newest(did: str) -> plc.Operation | None:
    """The DID's newest operation, None as for `newest_cid`. Raises `Unsettled`."""
    answer = _request("GET", f"/{did}/log/last", None)
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise Unsettled(PlcOperation.Failure.UNKNOWN, f"log/last answered {answer.status}")
    try:
        operation: plc.Operation = bounded_json.loads(answer.body)
        plc.cid_of(operation)
        plc.data_of(operation)  # old forms too; whoever asks may read what it says
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unsettled(PlcOperation.Failure.UNKNOWN, f"log/last is unreadable: {error}") from error
    return operation


def holds(did: str, cid: str) -> bool:
    """Whether the operation is in the DID's log and was not put aside. Raises `Unsettled`."""
    try:
        return any(each["cid"] == cid and not each["nullified"] for each in audit_log(did))
    except (TypeError, KeyError) as error:
        raise Unsettled(PlcOperation.Failure.UNKNOWN, "log/audit is unreadable") from error


def audit_log(did: str, timeout_s: float | None = None) -> list[Any]:
    """The DID's operations with what the directory says of them, those put aside included, as they
    came; [] when it has never heard of the DID. Raises `Unsettled`."""
    answer = _request("GET", f"/{did}/log/audit", None, _LOG_MAX_BYTES, timeout_s)
    if answer.status == 404:
        return []
    if answer.status != 200:
        raise Unsettled(PlcOperation.Failure.UNKNOWN, f"log/audit answered {answer.status}")
    try:
        entries = bounded_json.loads(answer.body)
    except ValueError as error:
        raise Unsettled(PlcOperation.Failure.UNKNOWN, "log/audit is unreadable") from error
    if not isinstance(entries, list):
        raise Unsettled(PlcOperation.Failure.UNKNOWN, "log/audit is no list")
    return entries


def post(did: str, operation: plc.Operation) -> None:
    """Hand an operation in. Returns when it was accepted; raises `Refused`, `Unsettled`."""
    answer = _request("POST", f"/{did}", orjson.dumps(operation))
    if answer.status == 200:
        return
    if 400 <= answer.status < 500 and answer.status not in _TRY_LATER:
        raise Refused(_message_in(answer.body) or f"HTTP {answer.status}")
    raise Unsettled(PlcOperation.Failure.UNKNOWN, f"HTTP {answer.status}")


def _request(
    method: str,
    path: str,
    body: bytes | None,
    max_bytes: int = _ANSWER_MAX_BYTES,
    timeout_s: float | None = None,
) -> http_client.Answer:
    try:
        return http_client.request_configured(
            method,
            settings.PLC_URL + path,
            body=body,
            headers={"Content-Type": "application/json"} if body else None,
            timeout_s=timeout_s or settings.PLC_TIMEOUT_S,
            max_bytes=max_bytes,
        )
    except http_client.TimedOut as error:
        raise Unsettled(PlcOperation.Failure.UNKNOWN, f"timed out: {error}") from error
    except http_client.Unreachable as error:
        raise Unsettled(PlcOperation.Failure.UNREACHABLE, f"unreachable: {error}") from error


def _message_in(body: bytes) -> str:
    try:
        parsed = bounded_json.loads(body)
    except ValueError:
        return ""
    return str(parsed.get("message", "")) if isinstance(parsed, dict) else ""
