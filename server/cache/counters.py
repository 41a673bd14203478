"""Counters and levels of all processes together, for metrics: in memory, and in Valkey for whoever
asks.

A process adds in memory; every FLUSH_S a thread of it takes along what was added since. A counter
of Valkey's that is lost with it begins at nothing again, which whoever counts rates expects. So
does one to which nothing was added for a day (QUIET_S), and the quietest beyond TOLD_MAX. A level
(of something open now) is what each living process says of itself. A series is named as Prometheus
writes it, `name{label="value"}`.
"""

import os
import secrets
import threading
import time
from collections import defaultdict
from typing import Any, Final

import redis
import structlog

from server.cache.shared import valkey_client

FLUSH_S: Final = 5.0
SERIES_MAX: Final = 20_000  # of a process between two flushes; what is beyond is not counted
TOLD_MAX: Final = 50_000  # counters of all processes together
QUIET_S: Final = 86_400
_LEVELS_LIVE_S: Final = 20
_COUNTERS: Final = "metrics:counters"
_TOLD: Final = "metrics:told"  # when something was last added to each counter
_PROCESSES: Final = "metrics:processes"
_LEVELS: Final = "metrics:levels:"

logger = structlog.stdlib.get_logger(__name__)


def series(name: str, **labels: str) -> str:
    """A series by its name and labels, which may be any text."""
    shown = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{name}{{{shown}}}" if shown else name


class Counters:
    """What one process has to tell; shared between its threads."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """As in a process that has just begun; a fork's threads and counts are its parent's."""
        self._lock = threading.Lock()
        self._added: defaultdict[str, int] = defaultdict(int)
        self._levels: dict[str, int] = {}
        self._process = ""  # its name, once it tells

    def add(self, what: str, by: int = 1) -> None:
        """Count so many more of a series."""
        with self._lock:
            if what in self._added or len(self._added) < SERIES_MAX:
                self._added[what] += by
            self._tell_from_now_on()

    def move(self, what: str, by: int) -> None:
        """Raise or lower a level of this process."""
        with self._lock:
            if what in self._levels or len(self._levels) < SERIES_MAX:
                self._levels[what] = self._levels.get(what, 0) + by
            self._tell_from_now_on()

    def flush(self) -> None:
        """Take what was added to Valkey; without it what was added is kept for the next time."""
        with self._lock:
            added, self._added = self._added, defaultdict(int)
            levels = dict(self._levels)
            self._levels = {what: level for what, level in levels.items() if level}
        try:
            self._write(added, levels)
        except redis.RedisError:
            with self._lock:
                for what, by in added.items():
                    self._added[what] += by

    def _write(self, added: dict[str, int], levels: dict[str, int]) -> None:
        pipe, now_s = valkey_client().pipeline(transaction=False), time.time()
        for what, by in added.items():
            pipe.hincrby(_COUNTERS, what, by)
        if added:
            pipe.zadd(_TOLD, dict.fromkeys(added, now_s))
        if levels:
            name = _LEVELS + self._process
            pipe.delete(name)
            pipe.hset(name, mapping={what: str(level) for what, level in levels.items()})
            pipe.expire(name, _LEVELS_LIVE_S)
            pipe.sadd(_PROCESSES, self._process)
        pipe.zrange(_TOLD, 0, -TOLD_MAX - 1)
        pipe.zrangebyscore(_TOLD, "-inf", now_s - QUIET_S)
        *_, beyond, quiet = pipe.execute()
        _forget({*beyond, *quiet})

    def _tell_from_now_on(self) -> None:
        """The thread that flushes, one a process; the caller holds the lock."""
        if not self._process:
            self._process = secrets.token_hex(8)
            threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_S)
            try:
                self.flush()
            except Exception:
                logger.exception("metrics could not be told")


PROCESS: Final = Counters()
os.register_at_fork(after_in_child=PROCESS.begin_anew)
add, move = PROCESS.add, PROCESS.move


def read() -> dict[str, int]:
    """All series of all processes, as they were told. Raises redis.RedisError."""
    client: Any = valkey_client()
    found = {name.decode(): int(value) for name, value in client.hgetall(_COUNTERS).items()}
    for process in client.smembers(_PROCESSES):
        levels = client.hgetall(_LEVELS + process.decode())
        if not levels:
            client.srem(_PROCESSES, process)
        for name, value in levels.items():
            found[name.decode()] = found.get(name.decode(), 0) + int(value)
    return found


def _forget(series: set[bytes]) -> None:
    if series:
        pipe = valkey_client().pipeline(transaction=True)
        pipe.hdel(_COUNTERS, *series)
        pipe.zrem(_TOLD, *series)
        pipe.execute()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
