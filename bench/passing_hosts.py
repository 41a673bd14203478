"""Hosts of a made-up network that come, write and go, for `bench.relay_week`.

Each has some accounts at a time; one that has written enough is deleted and another comes. A host
that has lived its time says nothing more, and goes when it is told that everything was read.
"""

import asyncio
import random
import time
from collections import deque
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from bench.relay_week import AUTHORS, HOSTS, LIVES_S, WRITES
from protocol.event_stream.frames import Body, EventKind
from tests.relay_authors import Author, frame
from tests.relay_hosts import FakeHost, running_host

KEPT = 20_000  # messages that a host can send again


class PassingHost(FakeHost):
    """A host that keeps the newest of what it said, by number."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: deque[bytes] = deque(maxlen=KEPT)
        self.last = 0
        self.born = 0
        self.people: list[tuple[Author, int]] = []

    def send(self, seq: int, message: bytes) -> None:
        self.kept.append(message)
        self.last = seq

    def tell(self, kind: EventKind, body: Body) -> None:
        """Say something with the next number."""
        number = self.last + 1
        self.send(number, frame(kind, body, number))

    async def stream(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        query = parse_qs(urlsplit(socket.request.path).query)
        at = int(query["cursor"][0]) if "cursor" in query else 0
        while not self.has_ended and socket.close_code is None:
            while at < self.last:
                assert at >= self.last - len(self.kept), "the relay came back too late"
                try:
                    await socket.send(self.kept[at - self.last + len(self.kept)])
                except ConnectionClosed:  # the relay was killed
                    return
                at += 1
            await asyncio.sleep(0.01)

    def live(self) -> None:
        """One event: mostly a commit, now and then a status; after WRITES the account goes."""
        if len(self.people) < AUTHORS:
            self.born += 1
            self.people.append((self.author(f"a{self.born}"), 0))
        place = random.randrange(len(self.people))
        author, written = self.people[place]
        if written >= WRITES:
            self.tell(EventKind.ACCOUNT, author.account(active=False, status="deleted"))
            del self.people[place]
            author.blocks.clear()  # its document is still asked for
            author.nodes.clear()
            return
        if random.random() < 0.02 and written:
            self.tell(EventKind.ACCOUNT, author.account(active=False, status="deactivated"))
            self.tell(EventKind.ACCOUNT, author.account())
        self.tell(EventKind.COMMIT, author.write())
        self.people[place] = (author, written + 1)


async def run(rate: float, pipe: Connection) -> None:
    """Until the pipe says "end" and all hosts are read to their end."""
    network = _Network(rate, pipe)
    async with asyncio.TaskGroup() as group:
        while not network.has_ended:
            while len(network.living) < HOSTS:
                await network.found(group)
            network.live()
            network.hear()
            await asyncio.sleep(0.02)
        for host in list(network.living):
            network.fall_silent(host)
        while network.told:
            network.hear()
            await asyncio.sleep(0.05)
    while True:
        await asyncio.sleep(3_600)


class _Network:
    def __init__(self, rate: float, pipe: Connection) -> None:
        self._rate, self._pipe = rate, pipe
        self._owed, self._at = 0.0, time.monotonic()
        self.living: dict[PassingHost, float] = {}  # until when
        self.told: dict[str, tuple[PassingHost, asyncio.Event]] = {}
        self.has_ended = False

    async def found(self, group: asyncio.TaskGroup) -> None:
        host, listening, going = PassingHost(), asyncio.Event(), asyncio.Event()
        group.create_task(self._keep(host, listening, going))
        await listening.wait()
        age = LIVES_S * (len(self.living) + 1) / HOSTS if not self.told else LIVES_S
        self.living[host] = time.monotonic() + age
        self.told[host.name] = (host, going)
        self._pipe.send((host.name, 0))

    async def _keep(
        self, host: PassingHost, listening: asyncio.Event, going: asyncio.Event
    ) -> None:
        async with running_host(host):
            listening.set()
            await going.wait()

    def live(self) -> None:
        now = time.monotonic()
        self._owed += (now - self._at) * self._rate
        self._at = now
        for host, until in list(self.living.items()):
            if now > until:
                self.fall_silent(host)
        while self._owed >= 1 and self.living:
            random.choice(list(self.living)).live()
            self._owed -= 1

    def fall_silent(self, host: PassingHost) -> None:
        del self.living[host]
        self._pipe.send((host.name, host.last))

    def hear(self) -> None:
        while self._pipe.poll():
            said = self._pipe.recv()
            if said == "end":
                self.has_ended = True
            else:
                self.told.pop(said)[1].set()
