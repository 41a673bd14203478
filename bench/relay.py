"""The relay: `python -m bench.relay [COMMITS [AUTHORS [SUBSCRIBERS]]]` (20,000; 200; 50).

Records commits of authors, has a host of its own send them, and times on one machine: how fast the
relay's process takes them in, verified and committed (`in`); how fast the table is read again by
one subscriber of a web process (`replay`); how fast so many subscribers get what is there, as
frames (`out`) and as JSON by a cursor (`JSON replay`);
how fast commits come in while so many subscribers follow (`at once`), of the firehose and then of
JSON streams with different filters, some compressed, among them two who read too slowly.
All on loopback, on a Postgres in a temporary folder that is gone afterwards.
"""

import asyncio
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import psutil
import uvloop

from bench import subscribers
from bench.subscribers import Stream
from tests import services

PORT = int(os.environ.get("GROVE_PORT", "4110"))
PATH = "/xrpc/com.atproto.sync.subscribeRepos"
COLLECTIONS = ("app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow")


def host(commits: int, authors: int, ready: Connection) -> None:
    """The host elsewhere, a process: records first, then sends when it is read."""
    import django  # noqa: PLC0415

    django.setup()
    from protocol.event_stream.frames import EventKind  # noqa: PLC0415
    from tests.relay_hosts import running_host  # noqa: PLC0415

    async def run() -> None:
        async with running_host() as fake:
            people = [fake.author(f"a{number}") for number in range(authors)]
            for number in range(commits):
                collection = COLLECTIONS[number % len(COLLECTIONS)]
                body = people[number % authors].write(collection=collection)
                fake.say(EventKind.COMMIT, body)
            ready.send((fake.port, sum(len(m) for _, m in fake.said) / commits))
            while True:
                await asyncio.sleep(3_600)

    uvloop.run(run())


def program(*arguments: str, **more: str) -> "subprocess.Popen[bytes]":
    """A process of ours on the services of this run."""
    return subprocess.Popen([sys.executable, "-m", *arguments], env={**os.environ, **more})


def cpu_s(process: "subprocess.Popen[bytes]") -> float:
    """CPU of a process and its children, seconds."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


def take_in(name: str, commits: int) -> None:
    """Time the relay from the first event to the last."""
    from relay.models import Rejection, RelayEvent, RelayHost  # noqa: PLC0415

    limits: dict[str, Any] = {"account_limit": 10_000_000, "is_trusted": False}
    RelayHost.objects.create(hostname=name, **limits)
    relay = program("relay.ingestion.process")
    try:
        while not RelayEvent.objects.exists():
            time.sleep(0.02)
        begun, first, cpu = time.monotonic(), RelayEvent.objects.count(), cpu_s(relay)
        while (count := RelayEvent.objects.count()) < commits:
            if (time.monotonic() - begun) > 60:
                raise SystemExit(f"in: only {count:,} of {commits:,} came in a minute")
            time.sleep(0.05)
        took, cpu = time.monotonic() - begun, cpu_s(relay) - cpu
        memory = sum(p.memory_info().rss for p in psutil.Process(relay.pid).children())
        memory += psutil.Process(relay.pid).memory_info().rss
    finally:
        relay.terminate()
        relay.wait()
    print(
        f"in: {(count - first) / took:,.0f} verified commits/s,"
        f" {cpu / (count - first) * 1e6:,.0f} us of the relay's CPU each,"
        f" {memory / 1e6:,.0f} MB with verifiers;"
        f" refused: {dict(Rejection.objects.values_list('reason', 'count'))}"
    )


async def read(count: int) -> int:
    """One subscriber that reads so many messages from the beginning; bytes."""
    from websockets.asyncio.client import connect  # noqa: PLC0415

    size = 0
    url = f"ws://relay.localhost:{PORT}{PATH}?cursor=0"
    async with connect(url, host="127.0.0.1", compression=None, close_timeout=0) as stream:
        for _ in range(count):
            size += len(await stream.recv())
    return size


def give_out(commits: int, readers: int) -> None:
    """Time so many subscribers that read everything again."""

    async def run() -> int:
        return sum(await asyncio.gather(*(read(commits) for _ in range(readers))))

    begun = time.monotonic()
    size = uvloop.run(run())
    took = time.monotonic() - begun
    name = "replay" if readers == 1 else f"out, {readers} subscribers"
    rate, volume = commits * readers / took, size / took / 1e6
    print(f"{name}: {rate:,.0f} events/s, {volume:,.0f} MB/s, subscribers' own work included")


def subscribed(streams: Sequence[Stream]) -> tuple[SpawnProcess, Connection]:
    """A process with these subscribers, all of them connected, and where it says what they got."""
    ours, theirs = multiprocessing.Pipe()
    reading = multiprocessing.get_context("spawn").Process(
        target=subscribers.serve, args=(PORT, streams, theirs), daemon=True
    )
    reading.start()
    theirs.close()
    ours.recv()
    return reading, ours


def replay_json(events: int, readers: int) -> None:
    """Time so many JSON streams, of both versions, that begin with the first event: each must get
    everything."""
    paths = ("/subscribe?cursor=1", "/xrpc/network.bsky.jetstream.subscribeEvents?cursor=1")
    streams = [Stream(paths[number % 2], events) for number in range(readers)]
    reading, ours = subscribed(streams)
    begun = time.monotonic()
    told = ours.recv()
    took = time.monotonic() - begun
    reading.terminate()
    print(f"JSON replay, {readers}: {told.messages / took:,.0f} messages/s, {told.lost} lost")


def wait_for_port() -> None:
    """Until the web process listens."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


def at_once(commits: int, authors: int, streams: Sequence[Stream], name: str) -> None:
    """Time commits in while subscribers follow, until each has what it should have."""
    from relay.models import RelayCounter, RelayHost  # noqa: PLC0415

    port, stop = a_host(commits, authors)
    first = RelayCounter.objects.get(relay_id=1).last_seq
    reading, ours = subscribed(streams)
    limits: dict[str, Any] = {"account_limit": 10_000_000, "is_trusted": True}
    RelayHost.objects.create(hostname=f"localhost:{port}", **limits)
    relay = program("relay.ingestion.process")
    try:
        took = _until_in(first, commits, name)
        told = ours.recv()
        out = time.monotonic() - took[0]
        slow = ours.recv()
    finally:
        relay.terminate()
        relay.wait()
        reading.terminate()
        stop()
    begun, done = took
    print(
        f"{name}: in {commits / (done - begun):,.0f} verified commits/s while {len(streams)}"
        f" subscribers follow; out {told.messages / out:,.0f} messages/s, the last"
        f" {out - (done - begun):.1f} s after it was in; {told.lost} lost; slow: {slow}"
    )


def _until_in(first: int, commits: int, name: str) -> tuple[float, float]:
    """When the first of some commits was in, and the last."""
    from relay.models import RelayCounter  # noqa: PLC0415

    begun = 0.0
    while True:
        count = RelayCounter.objects.get(relay_id=1).last_seq - first
        begun = begun or (time.monotonic() if count else 0.0)
        if count >= commits:
            return begun, time.monotonic()
        if begun and time.monotonic() - begun > 90:
            raise SystemExit(f"{name}: only {count:,} of {commits:,} came in 90 s")
        time.sleep(0.02)


def main(sizes: list[str]) -> None:
    commits, authors, readers = (*map(int, sizes), *(20_000, 200, 50)[len(sizes) :])
    prepare()
    port, stop = a_host(commits, authors)
    take_in(f"localhost:{port}", commits)
    stop()
    web = program("server.web.serve", "web")
    try:
        wait_for_port()
        give_out(commits, 1)
        give_out(commits // 10, readers)
        replay_json(commits, readers)
        more = commits * 3 // 2  # enough for the slow ones to fall behind
        at_once(more, authors, subscribers.firehoses(readers, more), "firehose at once")
        share = more // len(COLLECTIONS)
        mixed = subscribers.json_streams(readers, COLLECTIONS, share, more)
        at_once(more, authors, mixed, "JSON at once")
    finally:
        web.terminate()
        web.wait()


def prepare() -> None:
    """Services, settings, tables and Django of this run."""
    services.start()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "hosting.settings",
        "GROVE_PORT": str(PORT),
        "GROVE_RATE_LIMITS": "off",
        "GROVE_SOCKETS_PER_NETWORK": "200",
        "GROVE_SANDBOX": "on",
    }
    subprocess.run([sys.executable, "manage.py", "prepare"], check=True, capture_output=True)
    import django  # noqa: PLC0415

    django.setup()


def a_host(commits: int, authors: int) -> tuple[int, Callable[[], None]]:
    """A host that has commits to send: its port, and how it is ended."""
    ours, theirs = multiprocessing.Pipe()
    elsewhere = multiprocessing.get_context("spawn").Process(
        target=host, args=(commits, authors, theirs), daemon=True
    )
    elsewhere.start()
    theirs.close()  # so that its end is noticed
    port, size = ours.recv()
    print(f"{commits:,} commits of {authors} authors, {size:,.0f} bytes each", flush=True)
    return port, elsewhere.terminate


if __name__ == "__main__":
    main(sys.argv[1:])
