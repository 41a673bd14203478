"""Calls that are handed on, carried out in the test's own thread and transaction.

Django's test client stops where the bridge would go on; from there the real responder runs against
a real service on loopback. (The bridge itself: tests/unit/xrpc/proxy/test_relaying.py.)
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import Any

import orjson
import pytest

from server.net.client_networks import Client
from server.net.http_client import Connections
from server.web.bodies.body_transfers import BodyTransfers
from server.web.bodies.streams import ResponseWriter
from server.web.deferred_response import Exchange
from tests import upstreams
from tests.api.clients import Person
from tests.upstreams import Upstream

Jobs = Queue[tuple[Callable[[], Any], Future[Any]] | None]


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
    if not hasattr(response, "responder"):
        headers = {name.lower(): value for name, value in response.items()}
        return Relayed(response.status_code, headers, response.getvalue())
    sent: list[dict[str, Any]] = []
    jobs: Jobs = Queue()

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.sleep(600)

    async def run(_pool, work):
        result: Future[Any] = Future()
        jobs.put((work, result))
        return await asyncio.wrap_future(result)

    async def main():
        own = list(response.items())
        writer = ResponseWriter(receive, send, is_head=False)
        known = (Connections(), writer, BodyTransfers(), Client("", ""))
        exchange = Exchange(body, len(body), own, receive, send, run, *known)
        await response.responder.respond(exchange)

    with ThreadPoolExecutor(1) as pool:
        loop = pool.submit(asyncio.run, main())
        loop.add_done_callback(lambda _loop: jobs.put(None))
        _do(jobs)
        loop.result()
    head = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Relayed(sent[0]["status"], head, b"".join(part["body"] for part in sent[1:]))


def _do(jobs: "Jobs") -> None:
    """Do what the event loop would have a pool's thread do, in the thread of the transaction."""
    while job := jobs.get():
        work, result = job
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            result.set_exception(error)


@pytest.fixture
def view(settings) -> Iterator[Upstream]:
    """The operator's app view, at its decent best."""
    with upstreams.running() as running:
        settings.APPVIEW_URL, settings.APPVIEW_DID = running.url, running.did
        yield running


@pytest.fixture
def labeler() -> Iterator[Upstream]:
    """Another service, that nobody configured; its DID document offers `#atproto_labeler`."""
    with upstreams.running() as running:
        running.offers(atproto_labeler=running.url, bsky_notif=running.url, ftp="ftp://localhost")
        yield running


def claims(authorization: str) -> dict[str, Any]:
    """What the service token in an Authorization header says."""
    payload = authorization.removeprefix("Bearer ").split(".")[1]
    decoded: dict[str, Any] = orjson.loads(upstreams.base64url(payload))
    return decoded
