"""Clients of the API: `Api` speaks XRPC through Django's test client, a `Person` is signed in."""

import base64
from dataclasses import dataclass
from typing import Any

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from hosting.models import Host
from protocol.errors import XrpcError
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
        return self.client().get(path, params or {}, **self.headers(), **headers)

    def call(self, nsid: str, /, **body: Any):
        return self.send(nsid, orjson.dumps(body))

    def send(self, nsid: str, data: bytes = b"", content_type: str = "application/json", **headers):
        """A procedure with exactly these bytes; no bytes, no content type."""
        kind = {"content_type": content_type} if data or content_type != "application/json" else {}
        response = self.client().generic(
            "POST", f"/xrpc/{nsid}", data, **kind, **self.headers(), **headers
        )
        plan = getattr(getattr(response, "responder", None), "plan", None)
        return worked(nsid, plan) if isinstance(plan, PoolWork) else response

    def client(self) -> Client:
        return Client(raise_request_exception=False)

    def headers(self) -> dict[str, str]:
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {self.token}"} if self.token else {}
        return {"HTTP_HOST": self.host.hostname, **bearer}


class Admin(Api):
    """Whoever knows the host's admin password."""

    def headers(self) -> dict[str, str]:
        basic = base64.b64encode(b"admin:sesame").decode()
        return {"HTTP_HOST": self.host.hostname, "HTTP_AUTHORIZATION": f"Basic {basic}"}


def worked(nsid: str, plan: PoolWork) -> HttpResponseBase:
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
