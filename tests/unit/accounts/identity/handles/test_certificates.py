"""Names that a certificate may be made for: the same answer from the event loop and a thread."""

import asyncio
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.identity.handles.certificates import CertificateChecks, nothing_else
from server.database.connection import conninfo
from server.database.pipeline import Pipeline

pytestmark = pytest.mark.django_db(transaction=True)
HANDED_ON = None


def from_the_loop(query: str, path: str = "/tls-check", method: str = "GET") -> int | None:
    return asyncio.run(_from_the_loop(query, path, method))


def from_its_own_process(query: str, path: str = "/tls-check", url: str = "") -> int | None:
    where = (lambda: url) if url else conninfo
    return asyncio.run(_from_the_loop(query, path, "GET", nothing_else, where))


async def _from_the_loop(query, path, method, behind=None, where=conninfo) -> int | None:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    async def handed_on(_scope, _receive, _send) -> None:
        """In place of the threads: nobody answers."""

    pipeline = Pipeline(where)
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
    try:
        await CertificateChecks(behind or handed_on, pipeline)(scope, None, send)
    finally:
        pipeline.close()
    return sent[0]["status"] if sent else HANDED_ON


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("localhost", 200), ("Alice.TEST.", 200), ("nobody.test", 404), ("a.nobody.test", 404),
        ("relay.localhost", 200), ("evil.example", 400), ("", 400), ("\0.test", 400),
        ("_.test", 400),
    ],
)  # fmt: skip
def test_both_ways_give_one_answer(alice, settings: Settings, domain: str, status: int) -> None:
    settings.RELAY_HOST = "relay.localhost"
    threads = Client(headers={"host": "127.0.0.1"}).get("/tls-check", {"domain": domain})
    assert threads.status_code == status
    assert from_the_loop(urlencode({"domain": domain})) == status


@pytest.mark.parametrize(
    ("query", "path", "method"),
    [
        ("domain=localhost", "/tls-check/", "GET"),
        ("domain=localhost", "/tls-check", "HEAD"),
        ("&".join(["a=1"] * 5_000), "/tls-check", "GET"),
    ],
)
def test_other_requests_are_left_to_the_threads(query: str, path: str, method: str) -> None:
    assert from_the_loop(query, path, method) is HANDED_ON


@pytest.mark.parametrize(
    ("query", "path", "url", "status"),
    [
        ("domain=localhost", "/tls-check", "", 200),
        ("domain=nobody.test", "/tls-check", "", 404),
        ("domain=localhost", "/console/", "", 404),
        ("&".join(["a=1"] * 5_000), "/tls-check", "", 400),
        ("domain=localhost", "/tls-check", "host=/nowhere", 503),
    ],
)
def test_its_own_process_answers_this_and_nothing_else(
    ash, query: str, path: str, url: str, status: int
) -> None:
    assert from_its_own_process(query, path, url) == status
