"""The outgoing HTTP client: bounded in time and size, no redirects, no private addresses.

`request` takes URLs that untrusted parties can influence (DID documents, handles, service
endpoints) and checks **the address it connects to**, after name resolution, so that a name which
points inside gets nowhere (SSRF;
https://owasp.org/Top10/A10_2021-Server-Side_Request_Forgery_%28SSRF%29/). `request_configured`
takes URLs that the operator wrote into the settings, wherever they lead.
"""

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    SSLError,
)
from urllib3.util.connection import create_connection

from server.net import deadlines, public_addresses
from server.version import VERSION

CHUNK_BYTES = 65_536
USER_AGENT = f"Grove/{VERSION} (AT Protocol PDS)"
DEFAULT_TIMEOUT_S = 10.0
DEFAULT_MAX_BYTES = 1_000_000
_TOO_LONG = "the answer took too long"
_LOOK_UP_S = 5.0
_LEAST_S = 0.01  # a time-out of nothing would mean "do not wait at all"
# Accept-Encoding: what we fetch is small, and what is not compressed cannot be a bomb.
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}


_NOT_ARRIVED = (
    NewConnectionError,
    ConnectTimeoutError,
    SSLError,
    LocationValueError,
)


_NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA)


# Names whose servers time out hold up one another here, and nobody elsewhere.
_look_ups = ThreadPoolExecutor(max_workers=16, thread_name_prefix="look-up")


class Unreachable(Exception):
    """The request certainly did not arrive: bad URL, no address, no connection, no TLS."""


class NoSuchHost(Unreachable):
    """Name servers know no such name, or no address of it."""


class Forbidden(Unreachable):
    """The URL leads where an untrusted URL must not lead."""


class TimedOut(Exception):
    """The request may have been acted upon: no whole answer in time, or the connection broke."""


class TooLarge(TimedOut):
    """The answer was longer than allowed and was dropped; `status` is what it began with."""

    def __init__(self, max_bytes: int, status: int) -> None:
        super().__init__(f"more than {max_bytes} bytes")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case, `body` decoded and complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_allowed(address: str) -> bool:
    """Whether an untrusted URL may lead to this IP address."""
    if public_addresses.is_loopback(address):
        return bool(settings.SANDBOX)
    return public_addresses.is_public(address)


class _Watched(HTTPConnection):
    """Waits for an answer under the deadline of the whole exchange."""

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override] # as urllib3 has it
        deadlines.watch(self.sock)
        return super().getresponse()


class _HTTPConnection(_Watched):
    """To a server that the operator chose."""


class _HTTPSConnection(_Watched, HTTPSConnection):
    """The same below TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _CheckedHTTPConnection(_Watched):
    """Resolves the name itself and connects to an address that passed the check."""

    def _new_conn(self) -> socket.socket:
        return _connect_checked(self)


class _CheckedHTTPSConnection(_Watched, HTTPSConnection):
    """The same below TLS; the certificate is still checked against the name."""

    def _new_conn(self) -> socket.socket:
        return _connect_checked(self)


class _CheckedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _CheckedHTTPConnection


class _CheckedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPSConnection


def _connect_checked(connection: HTTPConnection) -> socket.socket:
    """A connected socket. Raises Forbidden when any address of the name is not allowed: a name
    that points both outside and inside is an attack, not a mistake."""
    try:
        addresses = _look_up(_name_to_look_up(connection.host.strip("[]")), _time_of(connection))
    except (OSError, UnicodeError) as reason:
        raise NewConnectionError(connection, f"no address: {reason}") from reason
    if not all(map(is_allowed, addresses)):
        raise Forbidden(f"{connection.host} leads to an address that is not public")
    return _connect_any(connection, addresses)


def _look_up(name: str, most_s: float) -> list[str]:
    """The addresses of a name. The system's resolver knows no time-out and can take half a minute
    over a name whose servers time out, so it runs beside us. Raises OSError (TimeoutError)."""
    asked = _look_ups.submit(socket.getaddrinfo, name, None, type=socket.SOCK_STREAM)
    try:
        found = asked.result(min(most_s, _LOOK_UP_S))
    except TimeoutError:
        asked.cancel()
        raise
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _time_of(connection: HTTPConnection) -> float:
    given = connection.timeout
    return given if isinstance(given, int | float) else DEFAULT_TIMEOUT_S


def _name_to_look_up(name: str) -> str:
    """Names under `localhost` are loopback, whatever the machine's resolver thinks of them (RFC
    6761 section 6.3): the sandbox's second tenant has one."""
    return "localhost" if name.lower().rstrip(".").endswith(".localhost") else name


def _connect_any(connection: HTTPConnection, addresses: Sequence[str]) -> socket.socket:
    """The first that connects; all share the time of one, for a name may have any number."""
    failure: OSError | None = None
    ends_at = time.monotonic() + _time_of(connection)
    for tried, address in enumerate(addresses):
        left_s = ends_at - time.monotonic()
        try:
            return create_connection(
                (address, connection.port),
                max(left_s, _LEAST_S) / (len(addresses) - tried),
                socket_options=connection.socket_options,
            )
        except OSError as reason:
            failure = reason
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, str(failure)) from failure
    raise NewConnectionError(connection, str(failure)) from failure


class Client:
    """Asks one kind of URL, through connections of its own that are kept and used again."""

    def __init__(self, *, schemes: frozenset[str], pools: Mapping[str, type]) -> None:
        self._schemes = schemes
        self._manager = urllib3.PoolManager(num_pools=64, maxsize=8, retries=False)
        self._manager.pool_classes_by_scheme = dict(pools)

    def request(  # noqa: PLR0913 - an HTTP request has that many parts
        self,
        method: str,
        url: str,
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        max_bytes: int = DEFAULT_MAX_BYTES,
        into: IO[bytes] | None = None,
    ) -> Answer:
        """Ask, and read the whole answer; a 3xx is an answer like others.

        A file as `body` goes out in pieces, and an answer comes in in pieces when there is a file
        to take it (`into`; the `body` of the answer is empty then).

        Raises Unreachable (Forbidden), TimedOut (TooLarge).
        """
        self._check(url)
        received = BytesIO() if into is None else into
        with _within(timeout_s):
            try:
                response = self._manager.urlopen(
                    method,
                    url,
                    body=body,
                    headers={**_HEADERS, **(headers or {})},
                    redirect=False,
                    timeout=urllib3.Timeout(total=timeout_s),
                    preload_content=False,
                )
            except _NOT_ARRIVED as reason:
                kind = NoSuchHost if _is_unknown_name(reason) else Unreachable
                raise kind(str(reason)) from reason
            except HTTPError as reason:
                raise TimedOut(str(reason)) from reason
            _read(response, max_bytes, received)
        names = {name.lower(): value for name, value in response.headers.items()}
        whole = received.getvalue() if isinstance(received, BytesIO) and into is None else b""
        return Answer(response.status, names, whole)

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as reason:
            raise Unreachable("not a URL") from reason
        if parts.scheme not in self._schemes or not parts.hostname or "@" in parts.netloc:
            raise Forbidden(f"only {' and '.join(sorted(self._schemes))} URLs are fetched")


@contextmanager
def _within(timeout_s: float) -> Iterator[None]:
    """Raises TimedOut at the deadline, whatever the end of our own making looked like from within:
    an answer that is over, among others."""
    try:
        with deadlines.Deadline(timeout_s) as deadline:
            yield
    except (Unreachable, TimedOut) as failure:
        if deadline.has_cut:
            raise TimedOut(_TOO_LONG) from failure
        raise
    if deadline.has_cut:
        raise TimedOut(_TOO_LONG)


def _is_unknown_name(reason: BaseException) -> bool:
    """Whether the name has no address for certain; an outage of name servers is another error."""
    cause = reason.__cause__
    return isinstance(cause, socket.gaierror) and cause.errno in _NO_SUCH_NAME


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int, into: IO[bytes]) -> None:
    """The body, counted as it is decoded. A connection with an unread rest is not used again."""
    left = max_bytes
    try:
        # read1: `read` would wait for a whole chunk, and a server that drips makes that hours.
        while piece := response.read1(CHUNK_BYTES, decode_content=True):
            left -= len(piece)
            if left < 0:
                raise TooLarge(max_bytes, response.status)
            into.write(piece)
    except HTTPError as reason:
        raise TimedOut(str(reason)) from reason
    finally:
        response.close()  # a fully read connection is back in its pool by then


_BOTH = frozenset({"http", "https"})
_untrusted = Client(
    schemes=_BOTH if settings.SANDBOX else frozenset({"https"}),
    pools={"http": _CheckedHTTPPool, "https": _CheckedHTTPSPool},
)
_configured = Client(schemes=_BOTH, pools={"http": _HTTPPool, "https": _HTTPSPool})

request = _untrusted.request
request_configured = _configured.request
