"""What is counted before any thread, and what is not."""

import asyncio
import secrets
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from hosting import edge_limits, limits
from hosting.edge_limits import EdgeLimits
from hosting.limits import Bucket, Budget, RateLimitExceeded
from hosting.limits.lately_refused import Refused
from server.web.proxy_headers import BehindProxies

Messages = list[dict[str, Any]]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def scope(path: str, client: str = "192.0.2.1", **more: Any) -> dict[str, Any]:
    usual = {"type": "http", "method": "GET", "path": path, "client": (client, 1), "headers": []}
    return {**usual, **more}


def answered(edge: EdgeLimits | BehindProxies, asked: dict[str, Any]) -> Messages:
    sent: Messages = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.disconnect"}

    asyncio.run(edge(asked, receive, send))
    return sent


def statuses(edge: EdgeLimits, asked: dict[str, Any], times: int) -> list[int]:
    return [answered(edge, asked)[0]["status"] for _ in range(times)]


@pytest.fixture(autouse=True)
def _two_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS", "STATIC_FILES"):
        monkeypatch.setattr(limits, name, Bucket(secrets.token_hex(8), (Budget(2, 86_400),)))


@pytest.mark.parametrize(
    "path",
    ["/", "/console/login/", "/account/sign-up", "/account/sign-in", "/.well-known/did.json",
     "/xrpc/_health", "/tls-check", "/static/icon.svg", "/nothing/here"],
)  # fmt: skip
def test_what_no_method_counts_is_counted_by_network(path: str) -> None:
    edge = EdgeLimits(app)
    assert statuses(edge, scope(path), 3) == [200, 200, 429]
    assert statuses(edge, scope(path, client="192.0.2.2"), 1) == [200]


def test_an_answer_says_how_the_budget_stands() -> None:
    headers = dict(answered(EdgeLimits(app), scope("/"))[0]["headers"])
    assert (headers[b"ratelimit-limit"], headers[b"ratelimit-remaining"]) == (b"2", b"1")


def test_a_refusal_says_when_to_come_back() -> None:
    edge = EdgeLimits(app)
    statuses(edge, scope("/"), 2)
    head, body = answered(edge, scope("/"))
    assert int(dict(head["headers"])[b"retry-after"]) > 80_000
    assert body["body"].startswith(b"Too many requests.")


def test_an_apps_script_can_read_why_it_was_refused() -> None:
    edge = EdgeLimits(app)
    statuses(edge, scope("/oauth/token", method="POST"), 2)
    head, body = answered(edge, scope("/oauth/token", method="POST"))
    assert dict(head["headers"])[b"access-control-allow-origin"] == b"*"
    assert b"error_description" in body["body"]


def test_methods_are_left_to_the_dispatcher() -> None:
    path = "/xrpc/com.atproto.repo.getRecord"
    assert statuses(EdgeLimits(app), scope(path), 5) == [200] * 5


def test_what_browsers_ask_before_a_call_is_counted() -> None:
    asked = scope("/xrpc/com.atproto.repo.getRecord", method="OPTIONS")
    assert statuses(EdgeLimits(app), asked, 3) == [200, 200, 429]


def test_the_front_doors_own_questions_are_not_counted() -> None:
    edge = EdgeLimits(app, "192.0.2.0/24")
    assert statuses(edge, scope("/tls-check"), 5) == [200] * 5
    assert statuses(edge, scope("/"), 3) == [200, 200, 429]
    assert statuses(edge, scope("/tls-check", client="198.51.100.1"), 3) == [200, 200, 429]


def test_who_is_exempt_is_not_counted(settings: Settings) -> None:
    settings.RATE_LIMIT_BYPASS_IPS = ["192.0.2.1"]
    assert statuses(EdgeLimits(app), scope("/"), 5) == [200] * 5
    settings.RATE_LIMIT_BYPASS_IPS, settings.RATE_LIMIT_BYPASS_KEY = [], "sesame"
    known = scope("/", headers=[(b"x-ratelimit-bypass", b"sesame")])
    assert statuses(EdgeLimits(app), known, 5) == [200] * 5


def test_limits_can_be_switched_off(settings: Settings) -> None:
    settings.RATE_LIMITS = False
    assert statuses(EdgeLimits(app), scope("/"), 5) == [200] * 5


def test_handshakes_are_requests() -> None:
    edge, asked = EdgeLimits(app), scope("/xrpc/x", type="websocket")
    first, _, third = [answered(edge, asked)[0] for _ in range(3)]
    assert first["type"] == "websocket.accept"
    assert (third["type"], third["status"]) == ("websocket.http.response.start", 429)


async def _open(edge: EdgeLimits, asked: dict[str, Any], over: asyncio.Event) -> asyncio.Task[None]:
    async def ignore(_message: dict[str, Any]) -> None: ...

    async def until_over() -> dict[str, Any]:
        await over.wait()
        return {"type": "websocket.disconnect"}

    task = asyncio.create_task(edge(asked, until_over, ignore))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    return task


def test_a_network_has_so_many_sockets_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    many = Bucket(secrets.token_hex(8), (Budget(100, 86_400),))
    monkeypatch.setattr(limits, "REQUESTS", many)
    monkeypatch.setattr(edge_limits, "SOCKETS_MAX", 3)
    edge, asked = EdgeLimits(app), scope("/xrpc/x", type="websocket")

    async def crowd() -> tuple[int, str]:
        over, sent = asyncio.Event(), []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        open_ones = [await _open(edge, asked, over) for _ in range(3)]
        await edge(asked, asyncio.Queue().get, send)
        elsewhere = await _open(edge, {**asked, "client": ("198.51.100.1", 1)}, over)
        over.set()
        await asyncio.gather(*open_ones, elsewhere)
        await _open(edge, asked, over)
        return sent[0]["status"], sent[0]["type"]

    assert asyncio.run(crowd()) == (429, "websocket.http.response.start")


def test_a_handshake_that_would_be_refused_is_known_before_and_costs_nothing() -> None:
    edge, asked = EdgeLimits(app), scope("/xrpc/x", type="websocket")
    assert [edge.refusal_of(asked) for _ in range(5)] == [None] * 5
    for _ in range(2):
        answered(edge, asked)
    assert isinstance(edge.refusal_of(asked), RateLimitExceeded)
    assert edge.refusal_of({**asked, "client": ("192.0.2.2", 1)}) is None


def test_the_client_behind_a_reverse_proxy_is_the_one_who_is_asked_about() -> None:
    edge = BehindProxies(EdgeLimits(app), "192.0.2.9")
    forwarded = [(b"x-forwarded-for", b"198.51.100.1")]
    asked = scope("/xrpc/x", "192.0.2.9", type="websocket", headers=forwarded)
    for _ in range(2):
        answered(edge, {**asked})
    assert edge.refusal_of({**asked})
    assert edge.refusal_of({**asked, "headers": [(b"x-forwarded-for", b"198.51.100.2")]}) is None


def test_who_was_refused_by_the_dispatcher_is_refused_again_before_any_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, headers = "/xrpc/com.atproto.repo.getRecord", [(b"host", b"ash.test")]
    error = RateLimitExceeded(Budget(1, 60), 2_000_000_000)
    monkeypatch.setattr(limits, "refused", refused := Refused())
    refused.note(("192.0.2.1", "ash.test", path), error)
    head, body = answered(EdgeLimits(app), scope(path, headers=headers))
    assert (head["status"], dict(head["headers"])[b"content-type"]) == (429, b"application/json")
    assert b"RateLimitExceeded" in body["body"]
    for other in ({"client": "192.0.2.2"}, {"headers": [(b"host", b"birch.test")]}):
        assert statuses(EdgeLimits(app), scope(path, **{"headers": headers, **other}), 1) == [200]
    assert statuses(
        EdgeLimits(app), scope("/xrpc/com.atproto.sync.getRepo", headers=headers), 1
    ) == [200]


def test_a_refusal_holds_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("hosting.limits.lately_refused.time.monotonic", lambda: now)
    refused, who = Refused(), ("192.0.2.1", "ash.test", "/xrpc/x")
    refused.note(who, RateLimitExceeded(Budget(1, 60), 2_000_000_000))
    assert refused.of(who)
    now += 5
    assert refused.of(who) is None
    assert not refused
