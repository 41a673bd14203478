"""A two-level cache of other servers' answers: Valkey for all processes, and memory of each.

Valkey holds an entry for as long as it may be of use; a process trusts its own copy for some
seconds before it looks there again, so that what one process learns anew reaches the others. While
Valkey is away every process goes on with what it knows. Entries are public facts (DID documents,
handles, lexicons) and no tenant's data: they are shared by all hosts.

Anybody may make us ask about names of their own invention, so nothing here grows with them: Valkey
has a fixed number of places, where a newcomer takes the place of whoever was there, and a process
keeps so many entries and so many bytes. Kinds whose values strangers write have fewer places: all
of them full of the longest values must leave Valkey room for what it may not forget early.
"""

import hashlib
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
OWN_MAX_BYTES = 16_000_000  # as JSON; several times that as Python objects
SLOTS = 32_768  # of each kind at Valkey
SHARED_MAX_BYTES = 8_192  # no ordinary DID document has a quarter of that


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


class SharedCache:
    """Entries of one kind, under keys that begin with its name."""

    def __init__(self, name: str, most: int = REMEMBERED_MAX, slots: int = SLOTS) -> None:
        self._name = name
        self._most = most
        self.slots = slots
        self.own: dict[str, _Copy] = {}
        self._own_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """The entry, fresh or not, while it may be used at all."""
        known = self.own.get(key)
        if known is not None and time.monotonic() - known.looked_up_at < OWN_COPY_S:
            return _alive(known.entry)
        try:
            data = valkey_client().get(self.slot_of(key))
        except redis.RedisError:
            return _alive(known.entry) if known else None
        entry = _read(key, data)
        self._keep(key, entry, len(data) if isinstance(data, bytes) else 0)
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
        self._keep(key, None, 0)
        try:
            valkey_client().delete(self.slot_of(key))
        except redis.RedisError:
            return

    def _write(self, key: str, entry: Entry) -> None:
        data = orjson.dumps([key, entry.value, entry.ask_again_at, entry.ends_at])
        self._keep(key, entry, len(data))
        lives_ms = max(1, int((entry.ends_at - time.time()) * 1000))
        try:
            if len(data) <= SHARED_MAX_BYTES:
                valkey_client().set(self.slot_of(key), data, px=lives_ms)
            else:  # what is there may be an older word on the same
                valkey_client().delete(self.slot_of(key))
        except redis.RedisError:
            return

    def _keep(self, key: str, entry: Entry | None, size_bytes: int) -> None:
        with self._lock:
            before = self.own.pop(key, None)
            self._own_bytes += size_bytes - (before.size_bytes if before else 0)
            if len(self.own) >= self._most or self._own_bytes > OWN_MAX_BYTES:
                self.own.clear()
                self._own_bytes = size_bytes
            self.own[key] = _Copy(time.monotonic(), entry, size_bytes)

    def slot_of(self, key: str) -> str:
        """The name in Valkey under which an entry lies."""
        digest = hashlib.sha256(key.encode(errors="replace")).digest()
        return f"memory:{self._name}:{int.from_bytes(digest[:8]) % self.slots}"


@dataclass(frozen=True, slots=True)
class _Copy:
    """A process's own copy of an entry, or of there being none."""

    looked_up_at: float  # monotonic
    entry: Entry | None
    size_bytes: int


def _alive(entry: Entry | None) -> Entry | None:
    return entry if entry is not None and time.time() < entry.ends_at else None


def _read(key: str, data: object) -> Entry | None:
    """The entry in a place, when it is this key's."""
    if not isinstance(data, bytes):
        return None
    try:
        whose, *parts = orjson.loads(data)  # noqa: TID251 - our own
        return Entry(*parts) if whose == key else None
    except (ValueError, TypeError):  # written by another version
        return None


def valkey_client() -> "redis.Redis":
    """The client of this process."""
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
