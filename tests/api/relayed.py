"""Calls that are handed on, carried out in the test's own thread and transaction.

Django's test client stops where the bridge would go on; from there the real handover runs against
a real service on loopback. (The bridge itself: tests/unit/xrpc/proxy/test_relaying.py.)
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from hosting.handover import Exchange
from hosting.upstream import Connections
from tests import upstreams
from tests.api.conftest import Person
from tests.upstreams import Upstream


@dataclass
class Relayed:
    """What the client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.json()["error"]


def get(person: Person, nsid: str, params: dict[str, Any] | None = None, **headers: str) -> Relayed:
    return carried(person.get(f"/xrpc/{nsid}", params, **headers))


def post(person: Person, nsid: str, value: Any, **headers: str) -> Relayed:
    data = orjson.dumps(value)
    return carried(person.send(nsid, data, **headers), data)


def carried(response: Any, body: bytes = b"") -> Relayed:
    """The answer that a response, handed over or not, leads to."""
    if not hasattr(response, "handover"):
        headers = {name.lower(): value for name, value in response.items()}
        return Relayed(response.status_code, headers, response.getvalue())
    sent: list[dict[str, Any]] = []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.sleep(600)

    async def run(_lane, work):
        return work()

    async def main():
        own = list(response.items())
        exchange = Exchange(body, len(body), own, receive, send, run, Connections())
        await response.handover.carry(exchange)

    asyncio.run(main())
    head = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Relayed(sent[0]["status"], head, b"".join(part["body"] for part in sent[1:]))


@pytest.fixture
def view(settings, monkeypatch) -> Iterator[Upstream]:
    """The operator's app view, at its decent best."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")  # follow-ups run where the test does
    with upstreams.running() as running:
        settings.APPVIEW_URL, settings.APPVIEW_DID = running.url, running.did
        yield running


@pytest.fixture
def labeler(monkeypatch) -> Iterator[Upstream]:
    """Another service, that nobody configured; its DID document offers `#atproto_labeler`."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
    with upstreams.running() as running:
        running.offers(atproto_labeler=running.url, bsky_notif=running.url, ftp="ftp://localhost")
        yield running


def claims(authorization: str) -> dict[str, Any]:
    """What the service token in an Authorization header says."""
    payload = authorization.removeprefix("Bearer ").split(".")[1]
    decoded: dict[str, Any] = orjson.loads(upstreams.base64url(payload))
    return decoded
