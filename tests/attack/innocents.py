"""Clients that mean no harm: each calls one thing a few times a second and times every call."""

import base64
import http.client
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.attack.wire import ADMIN_PASSWORD, Address, api_of, post_of
from tests.concurrency.client import POST, Person
from tests.running import RunningGrove

PAUSE_S = 0.15
CALLS_A_CONNECTION = 5  # new connections meet whatever process is the busiest


@dataclass(frozen=True)
class Ask:
    """A request, whole."""

    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Caller(threading.Thread):
    """Calls again and again from one address until `stop`; `took_s` has each call's time."""

    def __init__(self, name: str, address: Address, port: int, ask: Callable[[], Ask]) -> None:
        super().__init__(daemon=True, name=name)
        self.address = address
        self.port = port
        self.ask = ask
        self.stop = threading.Event()
        self.took_s: list[float] = []
        self.refusals: list[str] = []
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.stop.wait(PAUSE_S):
            if len(self.took_s) % CALLS_A_CONNECTION == 0:
                self._connection = None
            begun = time.monotonic()
            try:
                status, body = self._call(self.ask())
            except (OSError, http.client.HTTPException) as failure:
                status, body = 0, repr(failure).encode()
                self._connection = None
            self.took_s.append(time.monotonic() - begun)
            if status != 200:
                self.refusals.append(f"{status} {body[:200]!r} after {self.took_s[-1]:.2f} s")

    def p99_s(self) -> float:
        """The 99th percentile by nearest rank."""
        ordered = sorted(self.took_s)
        return ordered[math.ceil(0.99 * len(ordered)) - 1]

    def _call(self, ask: Ask) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=40, source_address=(self.address, 0)
            )
        headers = {"Host": f"localhost:{self.port}", **ask.headers}
        self._connection.request(ask.method, ask.target, ask.body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def everybody(grove: RunningGrove, person: Person, address: Address) -> list[Caller]:
    """One caller for each thing that has to go on: reads, writes, files, pages, moderation."""
    made = api_of(grove, address, person).call("com.atproto.repo.createRecord", post_of(person))
    rkey = made["uri"].rpartition("/")[2]
    login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    record = f"repo={person.did}&collection={POST}&rkey={rkey}"
    asks: dict[str, Callable[[], Ask]] = {
        "getRecord": lambda: Ask("GET", f"/xrpc/com.atproto.repo.getRecord?{record}"),
        "createRecord": lambda: _write(person),
        "getRepo": lambda: Ask("GET", f"/xrpc/com.atproto.sync.getRepo?did={person.did}"),
        "static file": lambda: Ask("GET", "/static/icon.svg"),
        "sign-up page": lambda: Ask("GET", "/account/sign-up"),
        "admin call": lambda: Ask(
            "GET",
            f"/xrpc/com.atproto.admin.getAccountInfo?did={person.did}",
            headers={"Authorization": f"Basic {login}"},
        ),
    }
    return [Caller(name, address, grove.port, ask) for name, ask in asks.items()]


def _write(person: Person) -> Ask:
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}
    return Ask(
        "POST", "/xrpc/com.atproto.repo.createRecord", post_of(person, as_json=True), headers
    )
