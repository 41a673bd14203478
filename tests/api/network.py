"""The network's edge: a PLC directory that accepts every operation and says the newest, and nobody
else out there."""

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
        kept = [sent for at, sent in posted if at == url.removesuffix("/log/last")]
        if not kept:
            return http_client.Answer(404, {}, b"")
        is_log = url.endswith("/log/last")
        return http_client.Answer(200, {}, kept[-1] if is_log else _document(url, kept[-1]))

    def nobody(*_args, **_limits):
        raise http_client.Unreachable("there is no network here")

    patch.setattr(http_client, "request_configured", request)
    patch.setattr(http_client, "request", nobody)
    patch.setattr(dns, "values", lambda _name: [])


def _document(url: str, operation: bytes) -> bytes:
    """What the directory says of a DID whose newest operation this is."""
    data = plc.data_of(orjson.loads(operation))
    return orjson.dumps(did_document.render(url.rpartition("/")[2], data))
