"""Relays proxied calls on the event loop: no thread waits for a service, however slow it is.

Source: protocol, proxying. Bodies stream both ways and are counted; a reply is read whole only
where a plan says what to do with it. When the client leaves, whatever is under way at a service is
dropped. Follow-ups run in a thread of the pool `fast`: they use the database and wait for nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, TypeVar

import structlog

from protocol.errors import XrpcError
from server.database import connection
from server.net import http_client
from server.web.bodies.streams import ClientDisconnected, Headers
from server.web.deferred_response import Exchange
from server.web.threads.thread_pools import PoolIsFull
from xrpc.proxy import refusals, resolving
from xrpc.proxy.plans import Composed, Forwarded, Outcome, Plan, PoolWork, Questions, Received
from xrpc.response.errors import JSON, render

logger = structlog.stdlib.get_logger(__name__)
T = TypeVar("T")

STREAMED_MAX_BYTES = 1_073_741_824  # either way
BUFFERED_MAX_BYTES = 10_000_000
BUFFERING_S = 30.0
_POOL: Final = "fast"
_FAULT: Final = XrpcError("Internal Server Error", name="InternalServerError", status=500)
_CONTENT: Final = ("content-type", "content-length", "content-encoding", "content-language")
_ABOUT: Final = ("atproto-repo-rev", "atproto-content-labelers", "retry-after")


class Relay:
    """The responder of one request (server.web.deferred_response)."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    async def respond(self, exchange: Exchange) -> None:
        """Answer the request. Raises ClientDisconnected, TimeoutError."""
        await exchange.while_the_client_stays(_answer(exchange, self.plan))


async def _answer(exchange: Exchange, plan: Plan) -> None:
    step: Plan | Outcome = plan
    try:
        while step is not None:
            step = await _next(exchange, step)
    except http_client.RequestFailed as failure:
        logger.warning("a proxied call failed", **_told(plan), reason=_reason(failure))
        if exchange.has_begun:
            raise ClientDisconnected("the service broke off; so must we") from failure
        await _refuse(exchange, refusals.of_failure(failure))
    except XrpcError as refusal:
        await _refuse(exchange, refusal)
    except (ClientDisconnected, TimeoutError, PoolIsFull):
        raise  # the bridge's affair
    except Exception:  # as the dispatcher has it: nothing of our inside may show outside
        logger.exception("a call could not be handed on", **_told(plan))
        if exchange.has_begun:
            raise
        await _refuse(exchange, _FAULT)


async def _next(exchange: Exchange, step: Plan | Composed) -> Outcome:
    """Do one step; the next one, or None when the client has its answer."""
    if isinstance(step, Composed):
        await exchange.answer(200, [("Content-Type", JSON), *step.headers.items()], step.text)
        return None
    if isinstance(step, PoolWork):
        work = step.work
        return await exchange.run(step.pool, lambda: _with_database(work))
    if isinstance(step, Questions):
        return await _ask_first(exchange, step)
    return await _forward(exchange, step)


async def _forward(exchange: Exchange, plan: Forwarded) -> Outcome:
    async with exchange.upstream.ask(await _request(exchange, plan)) as reply:
        is_wanted = _is_wanted(plan, reply)
        if not is_wanted and 200 <= reply.status < 300:
            await _stream(exchange, plan, reply.status, reply.headers, _chunks(reply))
            return None
        most = BUFFERED_MAX_BYTES if is_wanted else refusals.READ_MAX_BYTES
        body, rest = await _read(reply, most)
        if rest is not None and 200 <= reply.status < 300:
            await _stream(exchange, plan, reply.status, reply.headers, _joined(body, rest))
            return None
    received = Received(reply.status, reply.headers, body if rest is None else b"")
    if is_wanted and rest is None:
        return await _finished(exchange, plan, received)
    await _hand_on(exchange, received)
    return None


def _is_wanted(plan: Forwarded, reply: http_client.Reply) -> bool:
    """Whether the reply has to be read before the client gets it."""
    if plan.finish is None or plan.method == "HEAD":
        return False
    return plan.finish.wants(reply.status, reply.headers)


async def _finished(exchange: Exchange, plan: Forwarded, received: Received) -> Outcome:
    finish = plan.finish
    assert finish is not None  # noqa: S101 - see the one caller
    try:
        outcome = await exchange.run(_POOL, lambda: _with_database(lambda: finish(received)))
    except Exception:  # whatever is strange in a reply, it is still the reply
        logger.exception("a reply could not be changed", **_told(plan))
        outcome = None
    if outcome is None:
        await _hand_on(exchange, received)
    return outcome


async def _ask_first(exchange: Exchange, asking: Questions) -> Outcome:
    found = await asyncio.gather(*[_reply_to(exchange, one) for one in asking.questions])
    try:
        return await exchange.run(_POOL, lambda: _with_database(lambda: asking.then(tuple(found))))
    except Exception:  # raised again where the client has no other answer
        if asking.fallback is None:
            raise
        logger.exception("a reply could not be changed", **_told(asking))
    await _hand_on(exchange, asking.fallback)
    return None


async def _reply_to(exchange: Exchange, question: Forwarded) -> Received | None:
    """The reply to a question of our own; None for any but a whole success."""
    try:
        async with exchange.upstream.ask(await _request(exchange, question)) as reply:
            body, rest = await _read(reply, BUFFERED_MAX_BYTES)
            is_good = reply.status == 200 and rest is None
            return Received(reply.status, reply.headers, body) if is_good else None
    except (http_client.RequestFailed, XrpcError) as failure:
        logger.warning("a question of ours failed", **_told(question), reason=_reason(failure))
        return None


def _told(plan: Plan | Questions) -> dict[str, str]:
    """What the log says of a call: whose it is, of which method, to whom."""
    if isinstance(plan, Questions):
        plan = plan.questions[0]
    if not isinstance(plan, Forwarded):
        return {}
    method = plan.path.partition("?")[0].removeprefix("/xrpc/")
    return {"did": plan.caller, "method": method, "service": plan.service.did}


def _reason(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"


async def _request(exchange: Exchange, plan: Forwarded) -> http_client.Request:
    url = await resolving.url_of(exchange, plan.service)
    body = plan.body
    return http_client.Request(
        plan.method,
        url + plan.path,
        plan.headers,
        body if body is not None else _counted(exchange.chunks),
        length=exchange.length if body is None else None,
        is_ours=bool(plan.service.url),
        caller=plan.caller,
    )


async def _stream(
    exchange: Exchange,
    plan: Forwarded,
    status: int,
    headers: Mapping[str, str],
    chunks: AsyncIterator[bytes],
) -> None:
    """Hand a success on as it comes; one piece stays behind, to be marked as the last."""
    await exchange.begin(status, _passed(headers, (*_CONTENT, *_ABOUT)))
    behind = b""
    if plan.method != "HEAD":
        async for chunk in chunks:
            if behind:
                await exchange.piece(behind)
            behind = chunk
    await exchange.piece(behind, is_last=True)


async def _hand_on(exchange: Exchange, received: Received) -> None:
    """The client gets a whole reply as it is, or the refusal that it means."""
    if 200 <= received.status < 300:
        headers = _passed(received.headers, (*_CONTENT, *_ABOUT))
        await exchange.answer(received.status, headers, received.body)
    else:
        about = _passed(received.headers, _ABOUT)
        await _refuse(exchange, refusals.of_reply(received), about)


async def _refuse(exchange: Exchange, refusal: XrpcError, about: Headers | None = None) -> None:
    response = render(refusal)
    headers = [*response.items(), *(about or [])]
    await exchange.answer(response.status_code, headers, response.content)


async def _read(
    reply: http_client.Reply, max_bytes: int
) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """The body; where it is longer than `max_bytes`, its beginning and the rest to come."""
    chunks = _chunks(reply)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BUFFERING_S):
            async for chunk in chunks:
                pieces.append(chunk)
                size += len(chunk)
                if size > max_bytes:
                    return b"".join(pieces), chunks
    except TimeoutError as reason:
        raise http_client.TimedOut("a body took too long") from reason
    return b"".join(pieces), None


def _chunks(reply: http_client.Reply) -> AsyncIterator[bytes]:
    return reply.chunks(STREAMED_MAX_BYTES)


async def _joined(begun: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begun
    async for chunk in rest:
        yield chunk


def _counted(body: bytes | AsyncIterator[bytes]) -> bytes | AsyncIterator[bytes]:
    return body if isinstance(body, bytes) else _bounded(body)


async def _bounded(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > STREAMED_MAX_BYTES:
            raise ClientDisconnected("the client sends too much")
        yield chunk


def _passed(headers: Mapping[str, str], names: tuple[str, ...]) -> Headers:
    return [(name, headers[name]) for name in names if name in headers]


def _with_database(work: Callable[[], T]) -> T:
    """A follow-up begins as a request does: with a connection that is still one."""
    connection.drop_if_hung_up()
    return work()
