"""The replay guard: used tokens and proofs, remembered until they expire by themselves.

A state-changing call takes a token once (protocol: service auth, "Replays"). Marks live in Valkey
for all web processes together; while it is away each process remembers its own, bounded, so that a
thief gains at most one use a process.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import redis
from django.conf import settings

from accounts.service_auth.tokens import ServiceClaims
from hosting.models import Host
from server.encryption.compact_jws import BadServiceToken
from server.encryption.digests import sha256

VALKEY_TIMEOUT_S = 0.5
RETRY_S = 1.0  # after a failure nobody waits for Valkey for so long
REMEMBERED_MAX = 20_000  # marks a process keeps while Valkey is away


@contextmanager
def use_once(host: Host, claims: ServiceClaims) -> Iterator[None]:
    """Do something once by this token. What fails inside gives the token back, so that a person may
    correct a form and send it again. Raises BadServiceToken when it was spent before."""
    key = _key(host, claims)
    if not _claim(key, claims.exp):
        raise BadServiceToken("jwt has been used already")
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if not is_done:
            _release(key)


def claim(host: Host, kind: str, mark: str, expires_at: int) -> bool:
    """Whether a host sees this mark of a kind of token for the first time; it is remembered until
    `expires_at` (unix seconds)."""
    return _claim(key_of(host, kind, mark), expires_at)


def key_of(host: Host, kind: str, mark: str) -> str:
    """What a mark is called at Valkey (server.cache.marks sets it for the event loop)."""
    return f"{kind}:{host.pk}:{sha256(mark)}"


def _key(host: Host, claims: ServiceClaims) -> str:
    mark = sha256(f"{claims.iss}\0{claims.mark}")
    return f"service-token:{host.pk}:{mark}"


def _claim(key: str, expires_at: int) -> bool:
    if time.monotonic() < AWAY.until:
        return LOCAL.claim(key, expires_at)
    try:
        return _claim_at_valkey(key, expires_at)
    except redis.RedisError:
        AWAY.until = time.monotonic() + RETRY_S
        return LOCAL.claim(key, expires_at)


def _claim_at_valkey(key: str, expires_at: int) -> bool:
    """By this thread's own connection: apps show a proof with every request, and the pool of the
    library costs as much again as the question. Cut off by a restart, it is asked once more."""
    asked = ("SET", key, "1", "NX", "EXAT", str(expires_at + 1))
    try:
        return answer_of(asked) is not None
    except redis.TimeoutError:
        raise
    except redis.ConnectionError:
        return answer_of(asked) is not None


def answer_of(asked: tuple[str, ...]) -> object:
    """Ask Valkey by this thread's own connection. Raises redis.RedisError."""
    connection = _connection(settings.VALKEY_URL)
    try:
        connection.send_command(*asked)  # type: ignore[no-untyped-call] # redis types it so
        return connection.read_response()
    except BaseException:  # an answer that is still to come would be taken for the next one's
        connection.disconnect()  # type: ignore[no-untyped-call] # redis types it so
        raise


def _release(key: str) -> None:
    LOCAL.release(key)
    try:
        valkey_client().delete(key)
    except redis.RedisError:
        return  # the token stays spent there until it expires: a minute, as a rule


def _connection(url: str) -> "redis.Connection":
    if getattr(_here, "url", None) != url:
        _here.url, _here.connection = url, _pool(url).make_connection()
    connection: redis.Connection = _here.connection
    return connection


@cache
def _pool(url: str) -> "redis.ConnectionPool":
    return redis.ConnectionPool.from_url(
        url or "redis://localhost",
        socket_timeout=VALKEY_TIMEOUT_S,
        socket_connect_timeout=VALKEY_TIMEOUT_S,
    )


@cache
def valkey_client() -> "redis.Redis":
    """The client of this process."""
    return redis.Redis(connection_pool=_pool(settings.VALKEY_URL))


class LocalGuard:
    """A process's own marks, bounded: those that expire first go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._expiries: dict[str, int] = {}
        self._lock = threading.Lock()

    def claim(self, key: str, expires_at: int) -> bool:
        """Whether this is the first claim of `key`."""
        with self._lock:
            if self._expiries.get(key, 0) > time.time():
                return False
            if len(self._expiries) >= self._most:
                self._make_room()
            self._expiries[key] = expires_at
            return True

    def release(self, key: str) -> None:
        """Forget a claim."""
        with self._lock:
            self._expiries.pop(key, None)

    def _make_room(self) -> None:
        eldest_first = sorted(self._expiries.items(), key=lambda item: item[1])
        self._expiries = dict(eldest_first[self._most // 2 :])


class _Away:
    """Until when Valkey is not asked (monotonic)."""

    until = 0.0


AWAY = _Away()
_here = threading.local()
LOCAL = LocalGuard(REMEMBERED_MAX)
