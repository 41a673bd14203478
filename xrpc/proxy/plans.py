"""Plans of proxied calls: what to ask a service, decided in a thread without asking anybody.

A method, or a name that is no method of ours, answers with one of these values, and `relaying`
carries it out. Headers pass by name alone: neither the caller's own token nor a cookie ever leaves
this server; in their place goes a token of a minute, signed by the caller's key, for that service
and that method.
"""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from accounts import status
from accounts.authentication import live_sessions
from accounts.authentication.session_tokens import InvalidToken
from accounts.models import Account
from accounts.service_auth import tokens
from hosting.limits import network
from hosting.models import Host
from protocol.untrusted_input import bounded_json
from protocol.untrusted_input.limits import ANSWER
from server.net.http_client.decoded_answers import Undecodable
from xrpc.auth.declared import LEAVING, PRIV
from xrpc.proxy import encodings, methods
from xrpc.proxy.destinations import Service
from xrpc.request.call import Caller

Meta = Mapping[str, Any]
POST: Final = "POST"
_PRINTABLE: Final = string.punctuation  # what a client wrote raw and HTTP allows stays raw
_PASSED: Final = {
    "HTTP_ACCEPT_LANGUAGE": "Accept-Language",
    "HTTP_ATPROTO_ACCEPT_LABELERS": "atproto-accept-labelers",
    "HTTP_X_BSKY_TOPICS": "x-bsky-topics",
}
_PASSED_WITH_A_BODY: Final = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
}


@dataclass(frozen=True, slots=True)
class Received:
    """A whole reply of a service; header names in lower case, `body` as it travelled."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Ask this service, and hand its reply on.

    `body` None: the client's own, streamed. With `finish`, a reply whose head `finish.wants` is
    read whole, and `finish` says in a thread what becomes of it.
    """

    service: Service
    method: str
    path: str  # with the query
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = b""
    finish: "Finish | None" = None
    caller: str = ""  # on whose behalf


@dataclass(frozen=True, slots=True)
class Questions:
    """Ask these first, all at once; a question without a good answer gets None. Then go on.

    `fallback` is the client's answer should going on fail; without one, that is the refusal.
    """

    questions: tuple[Forwarded, ...]
    then: Callable[[tuple[Received | None, ...]], "Outcome"]
    fallback: Received | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer of our own making: JSON text, and headers beside those of every answer."""

    text: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolWork:
    """Have an answer made in a thread of another pool (server.web.threads.named_pools)."""

    pool: str
    work: Callable[[], Composed]


Plan = Forwarded | Questions | PoolWork
Outcome = Forwarded | Questions | Composed | None  # None: the reply as it is


class Finish:
    """What becomes of a reply that has to be read. Subclasses decide both."""

    def wants(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether the reply has to be read at all; on the event loop, so quickly."""
        raise NotImplementedError

    def __call__(self, received: Received) -> Outcome:
        """In a thread: what the client gets. What it raises leaves the reply as it is."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ProxyContext:
    """A request on its way to another service: whose it is, and its headers (WSGI names)."""

    host: Host
    account: Account | None  # None: nobody's, without a token
    meta: Meta = field(repr=False)

    def to(
        self,
        service: Service,
        nsid: str,
        *,
        aud: str = "",
        lxm: str = "",
        finish: Finish | None = None,
    ) -> Forwarded:
        """The request as it is, to a service; the token is for it unless for another `aud`.

        Raises, with `finish`, what `encodings.offer` does.
        """
        method = str(self.meta["REQUEST_METHOD"])
        query = quote(self.meta.get("QUERY_STRING", ""), safe=_PRINTABLE, encoding="latin-1")
        headers = self._headers(_PASSED_WITH_A_BODY if method == POST else {})
        if finish is not None:  # then we must be able to read the reply, too
            accepted = self.meta.get("HTTP_ACCEPT_ENCODING", "")
            headers["Accept-Encoding"] = encodings.offer(accepted)
        return Forwarded(
            service,
            method,
            f"/xrpc/{nsid}?{query}" if query else f"/xrpc/{nsid}",
            headers | self._token(aud or service.did, lxm or nsid),
            None if method == POST else b"",
            finish,
            self._caller,
        )

    def question(self, service: Service, nsid: str, query: str) -> Forwarded:
        """A query of our own in the caller's name."""
        headers = self._headers({}) | {"Accept-Encoding": "gzip"} | self._token(service.did, nsid)
        path = f"/xrpc/{nsid}?{query}"
        return Forwarded(service, "GET", path, headers, caller=self._caller)

    @property
    def _caller(self) -> str:
        """The account that asks, or the network that nobody in particular asks from."""
        if self.account is not None:
            return self.account.did
        return network(str(self.meta.get("REMOTE_ADDR", "")))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        passed = {"Accept-Encoding": self.meta.get("HTTP_ACCEPT_ENCODING") or "identity"}
        for ours, theirs in {**_PASSED, **more}.items():
            if value := self.meta.get(ours):
                passed[theirs] = value
        return passed

    def _token(self, aud: str, lxm: str) -> dict[str, str]:
        if self.account is None:
            return {}
        return {"Authorization": f"Bearer {tokens.mint(self.account, aud, lxm)}"}


def proxy_context_of(host: Host, caller: Caller | None, meta: Meta, nsid: str) -> ProxyContext:
    """The caller's way to another service, unless it may not go there.

    Raises InvalidToken, AccountNotFound, AccountTakedown, AccountSuspended, ExpiredToken.
    """
    refuse_protected(nsid)
    _refuse_unprivileged(caller, nsid)
    if caller is None:
        return ProxyContext(host, None, meta)
    found = live_sessions.owner(host, caller.did, caller.session)
    is_appeal = nsid == methods.CREATE_REPORT
    if found.account.taken_down_at is not None and not is_appeal:
        raise status.AccountTakedown
    account = found.signed_in()
    if not is_appeal:
        status.refuse_withheld(account)
    return ProxyContext(host, account, meta)


def value_of(reply: Received | None) -> dict[str, Any]:
    """The JSON object of a reply; empty when there is none."""
    if reply is None:
        return {}
    try:
        value = bounded_json.loads(
            encodings.decoded(reply.body, reply.headers.get("content-encoding", "")), ANSWER
        )
    except (Undecodable, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def refuse_protected(nsid: str) -> None:
    """Raise InvalidToken for methods that never leave this server."""
    if methods.is_protected(nsid):
        raise InvalidToken("Bad token method")


def _refuse_unprivileged(caller: Caller | None, nsid: str) -> None:
    if caller is not None and caller.permissions is not None:
        return  # an app's permissions say which methods, private ones too
    may_all = caller is not None and caller.scope in PRIV | LEAVING
    if methods.needs_privilege(nsid) and not may_all:
        raise InvalidToken("Bad token method")
