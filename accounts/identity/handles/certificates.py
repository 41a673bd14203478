"""Which names a certificate may be made for: the reverse proxy asks (Caddy's `on_demand_tls`).

`/tls-check?domain=` answers 200 when the name is a host's, the relay's or a handle that somebody
has, 404 when nobody has it, 400 when it is under none of our handle domains. A handshake waits for
the answer, so the event loop gives it by one statement, however busy all threads are. With
GROVE_CERTIFICATES_PORT a process that does nothing else gives it, however busy the others are: as
many questions wait as its connection takes, the next ones are refused at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict

from accounts.identity.handles import allocation
from hosting.tenancy import routing
from server.database.pipeline import Pipeline, PipelineUnavailable
from server.database.prepared import TEXT, TEXTS, TRUE, Question, Row, Statement, texts
from server.web.bodies.streams import Receive, Send
from server.web.wsgi_environ import Scope

App = Callable[[Scope, Receive, Send], Awaitable[None]]
Verdict = tuple[int, str]

PATH: Final = "/tls-check"
_OURS: Final[Verdict] = (200, "ok\n")
_NOT_SERVED: Final[Verdict] = (400, "This host name is not served here.\n")
_NOBODYS: Final[Verdict] = (404, "No account has this handle.\n")
_CONTENT_TYPE: Final = "text/plain; charset=utf-8"
_WHOSE: Final = Statement(
    f"""
    SELECT EXISTS (SELECT FROM host WHERE hostname = $1 OR other_hostname = $1),
        EXISTS (SELECT FROM handle_domain WHERE name = ANY ($2)),
        {allocation.TAKEN % {"handle": "$1", "did": "''"}}
    """,  # noqa: S608 - constants only
    (TEXT, TEXTS),
)


class CertificateChecks:
    """An ASGI application that answers the question by itself; all else is `app`'s, and so is the
    question while this way to the database is closed."""

    def __init__(self, app: App, pipeline: Pipeline) -> None:
        self._app = app
        self._pipeline = pipeline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET":
            with suppress(PipelineUnavailable, SuspiciousOperation):
                domain = _asked(QueryDict(scope["query_string"]))
                status, said = await self._verdict(domain)
                await _answer(send, status, said.encode())
                return
        await self._app(scope, receive, send)

    async def _verdict(self, domain: str) -> Verdict:
        question = _ask(domain)
        if question is None:
            return _known(domain)
        return _told(await self._pipeline.rows(*question))


async def nothing_else(scope: Scope, _receive: Receive, send: Send) -> None:
    """What is behind the checks in a process of their own: 503 where the database did not answer,
    404 for all other paths."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    elif scope["path"] != PATH or scope["method"] != "GET":
        await _answer(send, 404, b"Not found.\n")
    else:
        try:
            _asked(QueryDict(scope["query_string"]))
        except SuspiciousOperation:
            await _answer(send, 400, b"Too many fields.\n")
        else:
            await _answer(send, 503, b"The database does not answer.\n")


def check(request: HttpRequest) -> HttpResponse:
    """`/tls-check`, in a thread."""
    domain = _asked(request.GET)
    question = _ask(domain)
    status, said = _known(domain) if question is None else _told(question.rows())
    return HttpResponse(said, status=status, content_type=_CONTENT_TYPE)


def _asked(given: QueryDict) -> str:
    return routing.hostname_in(given.get("domain", ""))


def _ask(domain: str) -> Question | None:
    """What `_told` is told the answer of; None where nobody need be asked."""
    if routing.is_relay(domain) or not routing.is_hostname(domain):
        return None
    return Question(_WHOSE, (domain.encode(), texts(routing.domains_above(domain))))


def _known(domain: str) -> Verdict:
    return _OURS if routing.is_relay(domain) else _NOT_SERVED


def _told(rows: Sequence[Row]) -> Verdict:
    is_host, is_under_a_domain, is_taken = (value == TRUE for value in rows[0])
    if is_host or (is_under_a_domain and is_taken):
        return _OURS
    return _NOBODYS if is_under_a_domain else _NOT_SERVED


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", _CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
