"""What the network said, remembered for a while: by all processes together, and by each for itself.

Valkey holds an entry for as long as it may be of use; a process trusts its own copy for some
seconds before it looks there again, so that what one process learns anew reaches the others. While
Valkey is away every process goes on with what it knows. Entries are public facts (DID documents,
handles, lexicons) and no tenant's data: they are shared by all hosts.
"""

import threading
import time
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import orjson
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

VALKEY_TIMEOUT_S = 0.5
OWN_COPY_S = 5.0
REMEMBERED_MAX = 20_000  # entries a process keeps


@dataclass(frozen=True)
class Entry:
    """A JSON value, good without a question until `ask_again_at`, and at all until `ends_at`
    (unix seconds)."""

    value: Any
    ask_again_at: float
    ends_at: float

    @property
    def is_fresh(self) -> bool:
        return time.time() < self.ask_again_at


class Memory:
    """Entries of one kind, under keys that begin with its name."""

    def __init__(self, name: str, most: int = REMEMBERED_MAX) -> None:
        self._name = name
        self._most = most
        self._own: dict[str, tuple[float, Entry | None]] = {}  # key -> when it was looked up
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """The entry, fresh or not, while it may be used at all."""
        known = self._own.get(key)
        if known is not None and time.monotonic() - known[0] < OWN_COPY_S:
            return _alive(known[1])
        try:
            entry = _read(_valkey().get(self._name_of(key)))
        except redis.RedisError:
            return _alive(known[1]) if known else None
        self._keep(key, entry)
        return _alive(entry)

    def put(self, key: str, value: Any, *, fresh_s: float, keep_s: float) -> None:
        """Remember a JSON value: fresh for `fresh_s` seconds, kept for `keep_s`."""
        now = time.time()
        self._write(key, Entry(value, now + fresh_s, now + max(fresh_s, keep_s)))

    def postpone(self, key: str, entry: Entry, seconds: float) -> None:
        """Let an entry that could not be renewed stand in a while longer, never past its end."""
        self._write(key, replace(entry, ask_again_at=time.time() + seconds))

    def forget(self, key: str) -> None:
        """Forget an entry, everywhere within seconds."""
        self._keep(key, None)
        try:
            _valkey().delete(self._name_of(key))
        except redis.RedisError:
            return

    def _write(self, key: str, entry: Entry) -> None:
        self._keep(key, entry)
        lives_ms = max(1, int((entry.ends_at - time.time()) * 1000))
        data = orjson.dumps([entry.value, entry.ask_again_at, entry.ends_at])
        try:
            _valkey().set(self._name_of(key), data, px=lives_ms)
        except redis.RedisError:
            return

    def _keep(self, key: str, entry: Entry | None) -> None:
        with self._lock:
            if key not in self._own and len(self._own) >= self._most:
                self._own.clear()
            self._own[key] = (time.monotonic(), entry)

    def _name_of(self, key: str) -> str:
        return f"memory:{self._name}:{key}"


def _alive(entry: Entry | None) -> Entry | None:
    return entry if entry is not None and time.time() < entry.ends_at else None


def _read(data: object) -> Entry | None:
    if not isinstance(data, bytes):
        return None
    try:
        return Entry(*orjson.loads(data))
    except (ValueError, TypeError):  # written by another version
        return None


def _valkey() -> "redis.Redis":
    return _client(settings.VALKEY_URL or "redis://localhost")


@cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=VALKEY_TIMEOUT_S,
        socket_connect_timeout=VALKEY_TIMEOUT_S,
        # Once more at once when the connection was cut (a restart), not when Valkey hangs
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        retry_on_error=[redis.ConnectionError],
    )
