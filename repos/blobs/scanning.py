"""Scanning of uploads before they are kept: by scanners that the operator names.

`GROVE_BLOB_SCANNERS` names them: `deny_list` (table `denied_blob`), `http` (`ask_over_http`), or by
its dotted name a function `(Upload) -> None` of the operator's that raises BlobRefused. They run in
their order while the upload's answer waits (uploads are in the slow pool), when all bytes are there
and before any row or file is: what is refused was never here. Every upload is looked at, known
bytes too, since a list may have grown meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import IO, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from repos.blobs.blob_refs import BlobRef
from server.database import connection
from server.net import http_client

_IS_DENIED = """
    SELECT 1 FROM denied_blob WHERE cid = %b AND (host_id IS NULL OR host_id = %s) LIMIT 1
"""
_REFUSED_STATUS = 422


class BlobRefused(InvalidRequest):
    """400: a scanner will not have these bytes."""

    name = "BlobRefused"
    message = "This file is not accepted on this server"


class BlobScanUnavailable(XrpcError):
    """503: the scanner did not answer, and what nobody has looked at is not taken."""

    name = "NotEnoughResources"
    status = 503


@dataclass(frozen=True, slots=True)
class Upload:
    """What a scanner sees: where, what, and the bytes in a seekable file."""

    host_id: int
    ref: BlobRef
    file: IO[bytes]


Scanner = Callable[[Upload], None]


def scan(host_id: int, ref: BlobRef, file: IO[bytes]) -> None:
    """Show an upload to every scanner. Raises BlobRefused, BlobScanUnavailable."""
    for name in settings.BLOB_SCANNERS:
        file.seek(0)
        _scanner(name)(Upload(host_id, ref, file))


def check_names() -> None:
    """Raise ImproperlyConfigured if a scanner in GROVE_BLOB_SCANNERS does not exist."""
    for name in settings.BLOB_SCANNERS:
        _scanner(name)


def deny_list(upload: Upload) -> None:
    """Refuse bytes that are on this host's list or on the platform's."""
    if is_denied(upload.host_id, upload.ref.cid):
        raise BlobRefused


def is_denied(host_id: int, blob_cid: bytes) -> bool:
    """Whether bytes are on a host's list or on the platform's."""
    return connection.row(_IS_DENIED, (blob_cid, host_id)) is not None


def ask_over_http(upload: Upload) -> None:
    """POST the bytes to GROVE_BLOB_SCANNER_URL: 2xx lets them in, 422 refuses them.

    Anything else, or nothing within GROVE_BLOB_SCANNER_TIMEOUT seconds, is no answer: then
    GROVE_BLOB_SCANNER_FAILS says whether the upload is refused ("closed") or taken ("open").
    """
    status = _ask(upload)
    if status == _REFUSED_STATUS:
        raise BlobRefused
    if not 200 <= status < 300 and not settings.BLOB_SCANNER_FAILS_OPEN:
        raise BlobScanUnavailable("The upload could not be checked; try again later")


def _ask(upload: Upload) -> int:
    """The scanner's status; 0 when there is none."""
    headers = {
        "Content-Type": upload.ref.mime_type,
        "X-Blob-Cid": cid.to_text(upload.ref.cid),
    }
    try:
        answer = http_client.request_configured(
            "POST",
            settings.BLOB_SCANNER_URL,
            body=upload.file,
            length=upload.ref.size,
            headers=headers,
            timeout_s=settings.BLOB_SCANNER_TIMEOUT_S,
        )
    except (http_client.Unreachable, http_client.TimedOut):
        return 0
    return answer.status


@cache
def _scanner(name: str) -> Scanner:
    try:
        scanner: Scanner = OURS.get(name) or import_string(name)
    except ImportError as reason:
        ours = ", ".join(OURS)
        raise ImproperlyConfigured(
            f"GROVE_BLOB_SCANNERS: no scanner {name!r}. Grove's own are: {ours}"
        ) from reason
    return scanner


DENY_LIST: Final = "deny_list"
OURS: Final[dict[str, Scanner]] = {DENY_LIST: deny_list, "http": ask_over_http}
