"""A host as its clients see it: `Api` speaks XRPC through Django's test client.

Every reply is held against its lexicon (settings.XRPC_CHECK_OUTPUT). The only thing that is not
real is the network's edge: the PLC directory is a function that accepts everything.
"""

import orjson
import pytest

from hosting.tenancy import routing
from protocol.did import did_document, plc
from server.net import dns, http_client
from tests.api.clients import Api, Person, sign_up


@pytest.fixture(autouse=True)
def answers_are_checked(settings):
    settings.XRPC_CHECK_OUTPUT = True
    routing.forget()  # hosts of the test before


@pytest.fixture(autouse=True)
def directory(monkeypatch, settings):
    """The network's edge: a PLC directory that accepts every operation, and says the newest; and
    nobody else out there."""
    settings.VALKEY_URL = ""  # no worker runs here; who waits publishes
    posted = []

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

    monkeypatch.setattr(http_client, "request_configured", request)
    monkeypatch.setattr(http_client, "request", nobody)
    monkeypatch.setattr(dns, "values", lambda _name: [])
    return posted


def _document(url: str, operation: bytes) -> bytes:
    """What the directory says of a DID whose newest operation this is."""
    data = plc.data_of(orjson.loads(operation))
    return orjson.dumps(did_document.render(url.rpartition("/")[2], data))


@pytest.fixture
def anyone(ash) -> Api:
    """Somebody without credentials, at ash."""
    return Api(ash)


@pytest.fixture
def alice(ash) -> Person:
    """The owner: an account of ash."""
    return sign_up(ash, "alice")


@pytest.fixture
def bob(ash) -> Person:
    """A neighbour: another account of ash."""
    return sign_up(ash, "bobby")


@pytest.fixture
def mallory(birch) -> Person:
    """The outsider: an account of another tenant's host."""
    return sign_up(birch, "mallory")
