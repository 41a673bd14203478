"""Our relay and indigo's, fed with the same hosts in one run, in turns and at once.

    python -m bench.beside_indigo record FILE [COMMITS [ACCOUNTS [HOSTS]]]     (60,000; 800; 4)
    python -m bench.beside_indigo run FILE INDIGO_RELAY [SUBSCRIBERS]          (50)

`run` takes under three minutes. Both relays run from its beginning to its end, ours as `make run`
starts it (its Postgres keeps what it commits), indigo's with SQLite; on the same two cores are the
hosts (one process that writes bytes) and the subscribers (one that counts them). Of each phase:
how fast commits came out to the subscribers, from the first to the last, and what the relay used.
"""

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench.beside_indigo import recording
from bench.beside_indigo.hosts import Hosts
from bench.beside_indigo.relays import Grove, Indigo, Use
from bench.beside_indigo.subscribers import Counted, Subscribers

TURNS = (0.2, 0.4)  # shares of the recording by whose end each relay was fed alone
WITH_SUBSCRIBERS, TOGETHER = 0.6, 1.0
REPLAYED = 5_000  # events to each subscriber
SETTLE_S = 2.0

Relay = Grove | Indigo


class Run:
    """One run of all phases."""

    def __init__(self, hosts: Hosts, relays: list[Relay], commits: int) -> None:
        self._hosts = hosts
        self._relays = relays
        self._commits = commits
        self._at = 0.0

    def alone(self, until: float, relays: list[Relay]) -> None:
        """One after the other, with a subscriber each."""
        for relay in relays:
            self._feed([relay], until, 1, "in, alone")
        self._at = until

    def with_subscribers(self, until: float, count: int) -> None:
        """One after the other, with many subscribers that hear each event at once."""
        for relay in self._relays:
            self._feed([relay], until, count, f"in, {count} subscribers")
        self._at = until

    def together(self, until: float) -> None:
        """Both at once."""
        self._feed(self._relays, until, 1, "in, both at once")
        self._at = until

    def replay(self, count: int) -> None:
        """What is kept, to many subscribers from its beginning."""
        for relay in self._relays:
            before = relay.use()
            begun = time.monotonic()
            subscribers = Subscribers(relay.url, count, cursor=0)
            counted = subscribers.wait(REPLAYED * count)
            took = counted.last_at - begun
            subscribers.stop()
            show(relay, f"replay, {count} subscribers", counted, took, before)
            time.sleep(SETTLE_S)

    def _feed(self, relays: list[Relay], until: float, count: int, phase: str) -> None:
        wanted = round((until - self._at) * self._commits) * count
        listening = [Subscribers(relay.url, count) for relay in relays]
        time.sleep(SETTLE_S)
        before = [relay.use() for relay in relays]
        for relay in relays:
            self._hosts.send_to(relay.name, until)
        for relay, subscribers, used in zip(relays, listening, before, strict=True):
            counted = subscribers.wait(wanted)
            show(relay, phase, counted, counted.took_s, used)
            subscribers.stop()


def show(relay: Relay, phase: str, counted: Counted, took_s: float, before: Use) -> None:
    now = relay.use()
    cpu = {name: s - before.cpu_s.get(name, 0.0) for name, s in now.cpu_s.items()}
    parts = ", ".join(f"{name} {s:.1f}" for name, s in cpu.items() if s > 0.05)
    memory = ", ".join(f"{name} {size / 1e6:,.0f}" for name, size in now.memory.items())
    print(
        f"{relay.name:7} {phase:22} {counted.messages / took_s:9,.0f} events/s"
        f" {counted.size / took_s / 1e6:5,.0f} MB/s in {took_s:4.1f} s;"
        f" CPU s {sum(cpu.values()):5.1f} ({parts}); MB {memory}",
        flush=True,
    )


def run(file: Path, program: Path, subscribers: int) -> None:
    """All phases, each relay first as often as the other."""
    given = recording.load(file)
    ports = [host.port for host in given.hosts]
    print(f"{given.commits:,} commits of {len(given.documents)} accounts at {len(ports)} hosts")
    folder, hosts = Path(tempfile.mkdtemp(prefix="grove-beside-")), Hosts(file)
    indigo = Indigo(program, folder, ports)
    grove = Grove(folder / "grove", ports)
    try:
        time.sleep(3 * SETTLE_S)  # both have connected
        running = Run(hosts, [indigo, grove], given.commits)
        running.alone(TURNS[0], [indigo, grove])
        running.alone(TURNS[1], [grove, indigo])
        running.replay(subscribers)
        running.with_subscribers(WITH_SUBSCRIBERS, subscribers)
        running.together(TOGETHER)
        print(f"ours refused: {grove.refused()}")
    finally:
        grove.stop()
        indigo.stop()
        hosts.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(words: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped
    verb, file, *rest = words
    if verb == "record":
        sizes = (*map(int, rest), *(60_000, 800, 4)[len(rest) :])
        recording.save(recording.record(*sizes), Path(file))
    else:
        run(Path(file), Path(rest[0]), int(rest[1]) if rest[1:] else 50)


if __name__ == "__main__":
    main(sys.argv[1:])
