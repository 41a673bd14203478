"""Small reads answered on the event loop, between the edge's limits and the threads.

Everything that a method declares holds here as it does in xrpc.dispatch: its host, its parameters'
lexicon, its credentials, its network's budget. An answer is given only where it is plain; all else
is the dispatcher's, so that every refusal has one place. Measured in docs/decisions/0037.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

import orjson
from django.conf import settings

from accounts.oauth.dpop import nonces, proofs
from accounts.oauth.dpop.proofs import Presented, Proof
from accounts.service_auth import replay_guard
from hosting import limits
from hosting.limits import Charge
from hosting.models import Host
from hosting.tenancy import suspension
from protocol.errors import XrpcError
from server.cache.marks import Marks, MarksUnavailable
from server.database.connection import conninfo
from server.database.pipeline import Pipeline, PipelineUnavailable
from server.database.prepared import Question, Row
from server.net.client_networks import network
from server.web.bodies.streams import Answer, Receive, Send, encoded
from server.web.threads.thread_pools import PoolIsFull
from server.web.wsgi_environ import Scope
from xrpc import registry
from xrpc.auth import app_scopes, apps
from xrpc.auth.declared import DPOP, Kind, parse_header
from xrpc.rate_limits import request_charges
from xrpc.registry import Method
from xrpc.request.call import Caller
from xrpc.request.plain_requests import NotPlain, headers_of, host_of, params_of
from xrpc.request.small_read import SmallCall, SmallFile, SmallRead
from xrpc.response import small_answers
from xrpc.response.errors import JSON
from xrpc.response.small_answers import Headers

App = Callable[[Scope, Receive, Send], Any]

_PREFIX: Final = "/xrpc/"
_PROXY: Final = b"atproto-proxy"
# Of a file these ask for a part, or for nothing when it is known.
_CONDITIONS: Final = frozenset({b"range", b"if-range", b"if-none-match", b"if-modified-since"})


class Files(Protocol):
    """Who opens and sends files (server.web.asgi_bridge.Bridge)."""

    async def run_for_file(self, scope: Scope, work: Callable[[], None]) -> None: ...

    async def send_file(
        self, scope: Scope, receive: Receive, send: Send, answer: Answer
    ) -> None: ...


class SmallReads:
    """An ASGI application that answers small reads and hands on everything else."""

    def __init__(
        self,
        app: App,
        pipeline: Pipeline | None = None,
        marks: Marks | None = None,
        files: Files | None = None,
    ) -> None:
        """`files` sends what is in files; without it, threads do."""
        self._app = app
        self._files = files
        self._pipeline = pipeline or Pipeline(conninfo)
        self._marks = marks or Marks(lambda: settings.VALKEY_URL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            method = _method(scope["path"])
            if method is not None and method.small is not None:
                try:
                    headers, body = await self._answered(method, method.small, scope)
                except (NotPlain, PipelineUnavailable):
                    pass
                else:
                    if not isinstance(body, Answer):
                        await small_answers.send(scope, send, headers, body)
                    elif self._files is not None:
                        await self._files.send_file(scope, receive, send, body)
                    return
        elif scope["type"] == "lifespan":
            await self._until_the_end(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _answered(
        self, method: Method, small: SmallRead, scope: Scope
    ) -> tuple[Headers, bytes | Answer]:
        """Raises NotPlain, PipelineUnavailable."""
        about = headers_of(scope)
        host = host_of(about)
        if suspension.is_suspended(host):
            raise NotPlain
        caller, proof, admin_hash = None, None, ""
        if method.auth.is_for_staff:
            admin_hash = _admin_hash(method, host, about)
        else:
            caller, proof = _caller(method, host, scope, about)
        proxy = about.get(_PROXY, b"").decode("latin-1")
        call = SmallCall(host, params_of(method.lexicon, scope), caller, proxy, admin_hash)
        question = _question(small, call)
        charges = _charges(scope)
        told = _charged(host, charges)
        try:
            rows = () if question is None else await self._pipeline.rows(*question)
            found = _found(small, call, rows)
            if isinstance(found, SmallFile):
                file = _public(found, proof)
                return [], await self._opened(method, file, scope, about, told)
            coding, body = small_answers.packed_for(_text(method, small, found), about)
            if proof is not None:  # the last step: the proof of a call that is handed on is good
                await self._use_up(host, proof)
        except BaseException:
            if charges:
                limits.refund(host, charges)
            raise
        if proof is not None:
            told = [*told, (b"dpop-nonce", nonces.current(host).encode())]
        content_type = small.content_type or JSON
        variant = small_answers.variant(
            content_type, coding, is_private=method.auth.reads_credentials
        )
        return [*variant, (b"content-length", b"%d" % len(body)), *told], body

    async def _opened(
        self,
        method: Method,
        file: SmallFile,
        scope: Scope,
        about: Mapping[bytes, bytes],
        told: Headers,
    ) -> Answer:
        """The answer that a file is, all of it. Raises NotPlain."""
        if self._files is None or not _CONDITIONS.isdisjoint(about):
            raise NotPlain
        answer = Answer(
            200, small_answers.about_file(file, told, is_private=method.auth.reads_credentials), b""
        )
        try:
            await self._files.run_for_file(scope, partial(small_answers.open_file, file, answer))
        except (OSError, XrpcError, PoolIsFull):
            raise NotPlain from None
        return answer

    async def _use_up(self, host: Host, proof: Proof) -> None:
        """Raises NotPlain for a proof that was used before, or of which nobody knows."""
        key = replay_guard.key_of(host, proofs.KIND, proof.mark)
        try:
            is_first = await self._marks.claim(key, proof.forgotten_at + 1)
        except MarksUnavailable:
            is_first = False
        if not is_first:
            raise NotPlain

    async def _until_the_end(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            self._pipeline.close()
            self._marks.close()


def _method(path: str) -> Method | None:
    """The method at a path; None for every other page."""
    return registry.find(path[len(_PREFIX) :]) if path.startswith(_PREFIX) else None


def _caller(
    method: Method, host: Host, scope: Scope, about: Mapping[bytes, bytes]
) -> tuple[Caller | None, Proof | None]:
    """Who calls: with a session of a password, or an app with a proof that is to be used up. Raises
    NotPlain."""
    header = about.get(b"authorization")
    if not method.auth.reads_credentials or (
        header is None and method.auth.kind is Kind.OPTIONAL_OWNER
    ):
        return None, None
    if header is None:
        raise NotPlain
    try:
        if b"dpop" in about:
            return _app(method, host, scope, about)
        return method.auth.session_caller(host, header.decode("latin-1")), None
    except XrpcError:
        raise NotPlain from None


def _admin_hash(method: Method, host: Host, about: Mapping[bytes, bytes]) -> str:
    """What a statement of staff's has to find at the host. Raises NotPlain: for a moderation
    service, too, and for a call that is for another service."""
    if _PROXY in about:
        raise NotPlain
    try:
        return method.auth.known_admin(host, about.get(b"authorization", b"").decode("latin-1"))
    except XrpcError:
        raise NotPlain from None


def _app(
    method: Method, host: Host, scope: Scope, about: Mapping[bytes, bytes]
) -> tuple[Caller, Proof]:
    """An app that needs no scope in particular. Raises NotPlain, XrpcError."""
    scheme, credential = parse_header(about[b"authorization"].decode("latin-1"))
    if scheme != DPOP or method.scope is not app_scopes.ANY:
        raise NotPlain
    presented = Presented(about[b"dpop"].decode("latin-1"), scope["method"], scope["path"])
    found = apps.unspent(host, presented, credential)
    if found is None:
        raise NotPlain
    return found


def _charges(scope: Scope) -> tuple[Charge, ...]:
    address = scope["client"][0] if scope.get("client") else ""
    if limits.is_exempt_client(address, None):
        return ()
    return request_charges(network(address))


def _charged(host: Host, charges: tuple[Charge, ...]) -> Headers:
    """Take the charges; the headers that tell how the budget stands. Raises NotPlain."""
    if not charges:
        return []
    try:
        return encoded(list(limits.note_at(host, charges).headers.items()))
    except limits.RateLimitExceeded:
        raise NotPlain from None


def _question(small: SmallRead, call: SmallCall) -> Question | None:
    """Raises NotPlain."""
    if small.ask is None:
        return None
    try:
        question = small.ask(call)
    except XrpcError:
        raise NotPlain from None
    if question is None:
        raise NotPlain
    return question


def _found(
    small: SmallRead, call: SmallCall, rows: Sequence[Row]
) -> bytes | Mapping[str, Any] | SmallFile:
    """Raises NotPlain for a refusal, and for no answer."""
    try:
        answer = small.answer(call, rows)
    except XrpcError:
        raise NotPlain from None
    if answer is None:
        raise NotPlain
    return answer


def _public(file: SmallFile, proof: Proof | None) -> SmallFile:
    """Raises NotPlain for a file that an app asks for: nothing here would use its proof up."""
    if proof is not None:
        raise NotPlain
    return file


def _text(method: Method, small: SmallRead, answer: bytes | Mapping[str, Any]) -> bytes:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    if settings.XRPC_CHECK_OUTPUT and not small.content_type:
        method.lexicon.check_output(orjson.loads(body))  # noqa: TID251 - our own
    return body
