"""The network's edge: a PLC directory that accepts every operation and says the newest or all, and
nobody else out there."""

from datetime import UTC, datetime

import orjson
import pytest

from protocol.did import did_document, plc
from server.net import dns, http_client

Posted = list[tuple[str, bytes]]  # URLs and bodies


def stand_in(patch: pytest.MonkeyPatch, posted: Posted) -> None:
    """Have the directory know what was posted, and note there what will be."""

    def request(method, url, body=None, **_limits):
        if method == "POST":
            posted.append((url, body))
            return http_client.Answer(200, {}, b"OK")
        did_url, _, asked = url.partition("/log/")
        kept = [sent for at, sent in posted if at == did_url]
        if not kept:
            return http_client.Answer(404, {}, b"")
        answers = {"last": lambda: kept[-1], "audit": lambda: _log(kept)}
        answer = answers.get(asked, lambda: _document(url, kept[-1]))
        return http_client.Answer(200, {}, answer())

    def nobody(*_args, **_limits):
        raise http_client.Unreachable("there is no network here")

    patch.setattr(http_client, "request_configured", request)
    patch.setattr(http_client, "request", nobody)
    patch.setattr(dns, "values", lambda _name: [])


def _log(kept: list[bytes]) -> bytes:
    """All operations, as if they had been handed in just now."""
    now = datetime.now(UTC).isoformat()
    operations = [orjson.loads(each) for each in kept]
    return orjson.dumps(
        [
            {"cid": plc.cid_of(each), "operation": each, "createdAt": now, "nullified": False}
            for each in operations
        ]
    )


def _document(url: str, operation: bytes) -> bytes:
    """What the directory says of a DID whose newest operation this is."""
    data = plc.data_of(orjson.loads(operation))
    return orjson.dumps(did_document.render(url.rpartition("/")[2], data))
