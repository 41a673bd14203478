"""A host as its clients see it: `Api` speaks XRPC through Django's test client.

Every reply is held against its lexicon (settings.XRPC_CHECK_OUTPUT). The only thing that is not
real is the network's edge: the PLC directory is a function that accepts everything.
"""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from hosting.models import Host
from hosting.tenancy import routing
from protocol.did import did_document, plc
from protocol.errors import XrpcError
from server.net import dns, http_client
from xrpc import registry
from xrpc.proxy.plans import PoolWork
from xrpc.response.errors import render


@dataclass
class Api:
    """XRPC at one host, as nobody or with a bearer token."""

    host: Host
    token: str = ""

    def query(self, nsid: str, /, **params: Any):
        return self.get(f"/xrpc/{nsid}", params)

    def get(self, path: str, params: dict[str, Any] | None = None, **headers: str):
        return self._client().get(path, params or {}, **self._headers(), **headers)

    def call(self, nsid: str, /, **body: Any):
        return self.send(nsid, orjson.dumps(body))

    def send(self, nsid: str, data: bytes = b"", content_type: str = "application/json", **headers):
        """A procedure with exactly these bytes; no bytes, no content type."""
        kind = {"content_type": content_type} if data or content_type != "application/json" else {}
        response = self._client().generic(
            "POST", f"/xrpc/{nsid}", data, **kind, **self._headers(), **headers
        )
        plan = getattr(getattr(response, "responder", None), "_plan", None)
        return _worked(nsid, plan) if isinstance(plan, PoolWork) else response

    def _client(self) -> Client:
        return Client(raise_request_exception=False)

    def _headers(self) -> dict[str, str]:
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {self.token}"} if self.token else {}
        return {"HTTP_HOST": self.host.hostname, **bearer}


def _worked(nsid: str, plan: PoolWork) -> HttpResponseBase:
    """What the bridge has another pool do, done here: in the test's thread and transaction."""
    try:
        text = plan.work().text
    except XrpcError as refusal:
        answer = render(refusal)
    else:
        registry.find(nsid).lexicon.check_output(orjson.loads(text))
        answer = HttpResponse(text, content_type="application/json")
    answer.json = lambda: orjson.loads(answer.content)
    return answer


@dataclass
class Person(Api):
    """An account of a host, signed in."""

    did: str = ""
    handle: str = ""
    password: str = ""
    refresh_token: str = ""

    @property
    def email(self) -> str:
        return f"{self.handle}@example.com"

    def refreshing(self) -> Api:
        return Api(self.host, self.refresh_token)

    def create(self, collection: str, record: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A record, made; the answer of createRecord."""
        nsid = "com.atproto.repo.createRecord"
        response = self.call(nsid, repo=self.did, collection=collection, record=record, **more)
        assert response.status_code == 200, response.content
        return response.json()


@pytest.fixture(autouse=True)
def _checked(settings):
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


def sign_up(host: Host, label: str) -> Person:
    """A new account of a host, made the way a client makes one."""
    domain = host.handle_domains.first().name
    person = Person(host, handle=label + domain, password="correct horse battery")
    response = Api(host).call(
        "com.atproto.server.createAccount",
        handle=person.handle,
        email=person.email,
        password=person.password,
    )
    assert response.status_code == 200, response.content
    answer = response.json()
    person.did, person.token = answer["did"], answer["accessJwt"]
    person.refresh_token = answer["refreshJwt"]
    return person


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
