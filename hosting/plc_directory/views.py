"""The directory's HTTP API: a DID's document, data and logs, taking an operation, the export.

Source: the did:plc specification and the public directory's routes, status codes included. The
export's websocket is not served: nothing in a sandbox mirrors it.
"""

import re
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse

from hosting.plc_directory import directory
from hosting.plc_directory.answers import json_answer, message
from hosting.plc_directory.models import Operation
from protocol.did import did_document, plc
from protocol.errors import InvalidRequest, XrpcError
from protocol.untrusted_input import bounded_json

MAX_BODY_BYTES = 100_000
VERSION = {"version": "grove-embedded"}

_NUMBER = re.compile(r"[0-9]{1,18}")  # fits a bigint


class BodyTooLarge(XrpcError):
    """413: more than any operation needs."""

    status = 413


def home(_request: HttpRequest) -> HttpResponse:
    text = "A did:plc directory, embedded in Grove. Its DIDs are known on this machine alone.\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def health(_request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return json_answer({**VERSION, "error": "Service Unavailable"}, 503)
    return json_answer(VERSION)


def document(_request: HttpRequest, did: str) -> HttpResponse:
    rendered = did_document.render(did, directory.current_data(did))
    return json_answer(rendered, content_type="application/did+ld+json; charset=utf-8")


def submit(request: HttpRequest, did: str) -> HttpResponse:
    directory.append(did, _json_body(request))
    return HttpResponse("OK", content_type="text/plain; charset=utf-8")


def data(_request: HttpRequest, did: str) -> HttpResponse:
    operation = plc.update(directory.current_data(did), prev=None)
    fields = ("verificationMethods", "rotationKeys", "alsoKnownAs", "services")
    return json_answer({"did": did, **{name: operation[name] for name in fields}})


def log(_request: HttpRequest, did: str) -> HttpResponse:
    entries = directory.registered_log(did).not_nullified
    return json_answer([entry.operation for entry in entries])


def audit_log(_request: HttpRequest, did: str) -> HttpResponse:
    entries = directory.registered_log(did).entries
    return json_answer(
        [
            {
                "did": did,
                "cid": entry.cid,
                "operation": entry.operation,
                "nullified": entry.nullified,
                "createdAt": _timestamp(entry.created_at),
            }
            for entry in entries
        ]
    )


def last(_request: HttpRequest, did: str) -> HttpResponse:
    return json_answer(directory.last_operation(did))


def export(request: HttpRequest) -> HttpResponse:
    count = _count(request.GET.get("count", ""))
    after = request.GET.get("after", "")
    if _NUMBER.fullmatch(after):
        lines = [_sequenced(row) for row in directory.export_after_seq(int(after), count)]
    else:
        lines = [_dated(row) for row in directory.export_after_time(_time(after), count)]
    body = b"\n".join(orjson.dumps(line) for line in lines)
    return HttpResponse(body, content_type="application/jsonlines")


def unknown_path(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return message("Not Found", 404)


def broken(_request: HttpRequest) -> HttpResponse:
    return message("Internal Server Error", 500)


def _json_body(request: HttpRequest) -> Any:
    """The body of a JSON request; anything else counts as `{}`, as with the public directory."""
    if request.content_type != "application/json":
        return {}
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge("request entity too large")
    try:
        return bounded_json.loads(body)
    except ValueError as error:
        raise InvalidRequest(f"Not JSON: {error}") from error


def _count(text: str) -> int:
    if not text:
        return directory.MAX_EXPORT
    if not _NUMBER.fullmatch(text) or int(text) < 1:
        raise InvalidRequest("Invalid count parameter")
    return min(int(text), directory.MAX_EXPORT)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest("Invalid after parameter") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _timestamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _exported(row: Operation) -> dict[str, Any]:
    return {
        "did": row.did,
        "cid": row.cid,
        "operation": row.operation,
        "createdAt": _timestamp(row.created_at),
    }


def _sequenced(row: Operation) -> dict[str, Any]:
    return {"type": "sequenced_op", "seq": row.id, **_exported(row)}


def _dated(row: Operation) -> dict[str, Any]:
    return {**_exported(row), "nullified": row.nullified}
