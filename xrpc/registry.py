"""The method registry: what we answer, declared beside each function and checked at import.

`@query("nsid", auth=...)`, `@procedure`, `@subscription` refuse a name that no lexicon has, a kind
that is not the lexicon's, a duplicate, a missing `auth`, and accounts that may call without a
`scope` for their apps, so a server with such a fault does not start. `pool` tells the bridge
(server.web.threads.named_pools) which pool of threads runs the method: `write` for commits, `slow`
for passwords, `transfer` for bodies of any length, `export` for those read from a snapshot of the
database, `remote` for what waits on the directory, `lookup` where the caller names the server that
is asked, `moderation` for all that staff alone may call; so that none of them holds up reads, nor a
late directory those who sign in, nor an untrusted party's slow server anybody else.
"""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings

from hosting.models import Host
from protocol.lexicon import MethodType, catalog
from xrpc.auth.app_scopes import ScopeRule
from xrpc.auth.declared import Auth
from xrpc.rate_limits import Limit
from xrpc.request.bodies import JSON_LIMIT_BYTES
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallRead

Pool = Literal[
    "fast", "write", "slow", "transfer", "export", "remote", "lookup", "moderation", "static"
]  # fmt: skip
Verb = Callable[[Call], Answer]
BodyLimit = int | Callable[[Host], int]
# The host is None for streams of the relay's.
Stream = Callable[[Any, Mapping[str, Any]], Awaitable[AsyncGenerator[list[bytes], None]]]

QUERY, PROCEDURE, SUBSCRIPTION = "query", "procedure", "subscription"
HTTP_VERB = {QUERY: "GET", SUBSCRIPTION: "GET", PROCEDURE: "POST"}
_PREFIX = "/xrpc/"
# The relay's methods that ask a host that somebody names (relay.methods)
_OF_RELAY: Mapping[str, Pool] = {
    "/xrpc/com.atproto.sync.requestCrawl": "lookup",
    "/xrpc/com.atproto.sync.notifyOfUpdate": "lookup",
}
_API = "/api/"
_FOR_STAFF = ("/console/", _API)
_API_ASKS_OTHERS = re.compile(r"/accounts(/[^/]+/handle)?$")
LOOK_UP_CLIENTS = frozenset({"/oauth/par", "/oauth/token", "/oauth/revoke"})
# Forms and a way back that ask the hosts of people who live elsewhere (accounts.pages.people)
_PEOPLE = re.compile(r"/account/(?:u/[^/]+/)?people/invite|/account/visit(?:/back)?")
# Long answers of pages, by the last part of their address (repos.account_transfer.pages)
DOWNLOADS: Mapping[str, Pool] = {"repo.car": "export", "archive.zip": "transfer"}
# Forms of a move, which ask hosts that somebody names
_MOVE = re.compile(r"/account/(?:u/[^/]+/)?move(?:-in)?(?:/[a-z-]+)?")
# Pages whose forms ask other servers (accounts.pages); those of an account may name it before.
ASK_OTHERS = frozenset({"/account/sign-up", "/gate/signup"})
ASK_OTHERS_AT_THE_END = ("/handle/change", "/handle/domain")
# Pages of an account that ask the directory, also to be shown: the first part of their address
ACCOUNT_PAGES_ASK_OTHERS = frozenset({"activate", "identity", "move-out"})
_PAGE_OF_ACCOUNT = re.compile(r"/account/(?:u/[^/]+/)?([^/]+)")


class RegistryError(Exception):
    """A declaration contradicts the lexicons or another declaration: a fault of ours."""


@dataclass(frozen=True, slots=True)
class Method:
    """One declared query or procedure."""

    nsid: str
    kind: str
    auth: Auth
    pool: Pool
    run: Verb
    lexicon: MethodType
    body_limit: BodyLimit = JSON_LIMIT_BYTES
    limits: tuple[Limit, ...] = ()
    scope: ScopeRule | None = None
    small: SmallRead | None = None

    def body_limit_bytes(self, host: Host) -> int:
        """The most decoded bytes that this method takes at a host."""
        return self.body_limit if isinstance(self.body_limit, int) else self.body_limit(host)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One declared event stream: `await open(host, params)` gives batches of frames."""

    nsid: str
    open: Stream
    lexicon: MethodType


METHODS: dict[str, Method] = {}
SUBSCRIPTIONS: dict[str, Subscription] = {}


def query(  # noqa: PLR0913 - a declaration has that many sides
    nsid: str,
    *,
    auth: Auth,
    scope: ScopeRule | None = None,
    pool: Pool = "fast",
    limits: tuple[Limit, ...] = (),
    small: SmallRead | None = None,
) -> Callable[[Verb], Verb]:
    """Declare a query, answered to GET and HEAD; `scope` is what an app needs, where accounts may
    call; `small` answers on the event loop what is plain. Raises RegistryError."""

    def declare(verb: Verb) -> Verb:
        lexicon = _lexicon(nsid, QUERY)
        _add(
            Method(nsid, QUERY, auth, pool, verb, lexicon, limits=limits, scope=scope, small=small)
        )
        return verb

    return declare


def procedure(  # noqa: PLR0913 - a declaration, in keywords
    nsid: str,
    *,
    auth: Auth,
    scope: ScopeRule | None = None,
    pool: Pool = "fast",
    body_limit: BodyLimit = JSON_LIMIT_BYTES,
    limits: tuple[Limit, ...] = (),
) -> Callable[[Verb], Verb]:
    """Declare a procedure, answered to POST; `body_limit` in decoded bytes, `limits` from
    xrpc.rate_limits, `scope` as for queries."""

    def declare(verb: Verb) -> Verb:
        lexicon = _lexicon(nsid, PROCEDURE)
        _add(Method(nsid, PROCEDURE, auth, pool, verb, lexicon, body_limit, limits, scope))
        return verb

    return declare


def subscription(nsid: str) -> Callable[[Stream], Stream]:
    """Declare an event stream over WebSocket; all of them are public. Raises RegistryError."""

    def declare(stream: Stream) -> Stream:
        lexicon = _lexicon(nsid, SUBSCRIPTION)
        _refuse_duplicate(nsid)
        SUBSCRIPTIONS[nsid] = Subscription(nsid, stream, lexicon)
        return stream

    return declare


def find(nsid: str) -> Method | None:
    """The declared query or procedure of that name."""
    return METHODS.get(nsid)


def find_subscription(nsid: str) -> Subscription | None:
    """The declared event stream of that name."""
    return SUBSCRIPTIONS.get(nsid)


def registered() -> tuple[str, ...]:
    """Every declared NSID, sorted, for the tests that walk them all."""
    return tuple(sorted({**METHODS, **SUBSCRIPTIONS}))


def pool_of(path: str, method: str) -> Pool:
    """Which pool of threads runs a request. Outside /xrpc/, forms are slow (passwords), but signing
    up waits for the directory; files and the staff's console have pools of their own."""
    if path.startswith(_PREFIX):
        declared = METHODS.get(path[len(_PREFIX) :])
        return declared.pool if declared else _OF_RELAY.get(path, "fast")
    if path.startswith(settings.STATIC_URL):
        return "static"
    if path.startswith(_FOR_STAFF) and not _asks_others_by_api(path, method):
        return "moderation"
    if path.startswith(_API) or _asks_others(path, method):
        return "remote"
    if method != "POST":
        return _pool_of_shown(path)
    is_looked_up = path in LOOK_UP_CLIENTS or _MOVE.fullmatch(path) or _PEOPLE.fullmatch(path)
    return "lookup" if is_looked_up else "slow"


def _pool_of_shown(path: str) -> Pool:
    """A move's page asks the directory what is to be signed, a visitor's way back their host."""
    if _PEOPLE.fullmatch(path):
        return "lookup"
    if _MOVE.fullmatch(path):
        return "remote"
    return DOWNLOADS.get(path.rpartition("/")[2], "fast")


def _asks_others_by_api(path: str, method: str) -> bool:
    """New accounts and handles wait for the directory."""
    return path.startswith(_API) and method != "GET" and bool(_API_ASKS_OTHERS.search(path))


def _asks_others(path: str, method: str) -> bool:
    page = _PAGE_OF_ACCOUNT.match(path)
    if page is not None and page[1] in ACCOUNT_PAGES_ASK_OTHERS:
        return True
    return method == "POST" and (path in ASK_OTHERS or path.endswith(ASK_OTHERS_AT_THE_END))


def _add(method: Method) -> None:
    _refuse_duplicate(method.nsid)
    if not isinstance(method.auth, Auth):
        raise RegistryError(f"{method.nsid}: auth must be an Auth, such as Auth.none()")
    if method.auth.is_for_staff != (method.pool == "moderation"):
        raise RegistryError(f"{method.nsid}: the pool moderation is for staff methods alone")
    if method.auth.takes_accounts != (method.scope is not None):
        raise RegistryError(f"{method.nsid}: scope says what an app needs where accounts may call")
    METHODS[method.nsid] = method


def _lexicon(nsid: str, kind: str) -> MethodType:
    lexicon = catalog().method(nsid)
    if lexicon is None:
        raise RegistryError(f"{nsid}: no lexicon has this method")
    if lexicon.kind != kind:
        raise RegistryError(f"{nsid} is a {lexicon.kind}, not a {kind}")
    return lexicon


def _refuse_duplicate(nsid: str) -> None:
    if nsid in METHODS or nsid in SUBSCRIPTIONS:
        raise RegistryError(f"{nsid} is declared twice")
