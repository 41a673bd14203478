"""A week of the relay in minutes: `python -m bench.relay_week [SECONDS [RATE]]` (840; 200/s).

Hosts come and go, and on each accounts that write, are deactivated and are deleted. Every KILL_S
seconds, once events come again, one process is killed (-9): the relay, a web process, the worker, a
verifier, a backend of Postgres (which ends all sessions) or Valkey, in turn; it is started again.
Seven days pass: new events are stored under the day that it is then, and what is older than 72
hours is dropped. Meanwhile one subscriber comes back with its cursor, and others come and go.
Measured: what processes and stores hold (bench.holdings); whether everything that hosts said is in
the stream once: the counter, the hosts' counts and the subscriber agree, and what it was not told
is not kept. All on loopback, on a Postgres in a temporary folder that is gone afterwards.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import uvloop

from bench import holdings, relay
from bench.followers import Follower, come_and_go

DAYS = 7
HOSTS = 5
LIVES_S = 60.0  # of a host
WRITES = 150  # of an account, until it is deleted
AUTHORS = 20  # of a host at a time
KEPT_DAYS = 3
KILL_S = 20.0
SAMPLE_S = 3.0
PROGRAMS = {
    "relay": ("relay.ingestion.process",),
    "web": ("server.web.serve", "web"),
    "worker": ("server.jobs.worker",),
}
restarted: list[Any] = []  # Valkeys


def hosts(rate: float, pipe: Connection) -> None:
    """The hosts elsewhere, a process."""
    import django  # noqa: PLC0415

    django.setup()
    from bench.passing_hosts import run  # noqa: PLC0415 - with Django

    uvloop.run(run(rate, pipe))


class Family:
    """A process of ours that is killed and started again; `held` is what it held, in time."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.ended = 0  # times, by itself
        self.held: list[holdings.Held] = []
        self.process = relay.program(*arguments)
        self.began_at = time.monotonic()

    def sample(self) -> None:
        """Note what it holds once it has settled; start it again if it has ended, as the supervisor
        does."""
        if self.process.poll() is not None:
            self.ended += 1
            self.process, self.began_at = relay.program(*self.arguments), time.monotonic()
        found = holdings.of_process(self.process.pid)
        if found is not None and time.monotonic() - self.began_at > KILL_S / 2:
            self.held.append(found)

    def kill(self) -> None:
        """End it at once, and start it again."""
        self.process.kill()
        self.process.wait()
        self.process, self.began_at = relay.program(*self.arguments), time.monotonic()

    def kill_child(self) -> None:
        """End one of its children at once."""
        for child in psutil.Process(self.process.pid).children()[:1]:
            child.kill()


def kill_backend() -> None:
    """End the backend of Postgres that serves the writer: Postgres ends all, and recovers."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'grove relay'")
        if found := cursor.fetchone():
            os.kill(found[0], signal.SIGKILL)
    connection.close()


def kill_valkey() -> None:
    """End Valkey at once, and start it again on its files."""
    from server.embedded import valkey  # noqa: PLC0415

    for each in psutil.Process().children():
        if each.name().startswith("valkey"):
            each.kill()
            each.wait()
    restarted.append(valkey.start(Path(os.environ["GROVE_DATA"])))


class Week:
    """The run: its processes, and what it notes."""

    def __init__(self, seconds: float, pipe: Connection) -> None:
        self.seconds = seconds
        self.pipe = pipe
        self.follower = Follower(f"ws://relay.localhost:{relay.PORT}{relay.PATH}")
        self.said = 0  # by hosts that are gone
        self.read = self.newest = 0  # all hosts' numbers, and the relay's
        self.heard: list[tuple[str, int]] = []  # of hosts, not acted on yet
        self.leaving: dict[str, int] = {}  # hosts and their last number
        self.families = {name: Family(*arguments) for name, arguments in PROGRAMS.items()}
        self.rows: list[dict[str, int]] = []  # of the tables, a day
        self.lost = self.kills = 0
        self.database = ThreadPoolExecutor(1)  # whose connection survives Postgres' restarts

    async def in_thread(self, do: Callable[[], None]) -> None:
        """Do it beside the event loop; again in a moment where Postgres or Valkey is away."""
        from django.db import Error, connection  # noqa: PLC0415
        from redis import RedisError  # noqa: PLC0415

        def attempt() -> bool:
            try:
                do()
            except (Error, RedisError):
                connection.close()
                return False
            return True

        async with asyncio.timeout(120):
            while not await asyncio.get_running_loop().run_in_executor(self.database, attempt):
                await asyncio.sleep(0.5)

    async def run(self) -> None:
        """The week itself."""
        begun = time.monotonic()
        base = f"ws://relay.localhost:{relay.PORT}"
        others = [asyncio.create_task(come_and_go(base)), asyncio.create_task(self.follower.run())]
        family = self.families
        kills = cycle(
            [family["relay"].kill, family["web"].kill, family["worker"].kill,
             family["relay"].kill_child, kill_backend, kill_valkey]
        )  # fmt: skip
        day, next_kill, next_sample, killed_at = 0, KILL_S, 0.0, 0
        while (passed := time.monotonic() - begun) < self.seconds:
            await asyncio.sleep(1)
            await self.in_thread(self.look)
            if passed * DAYS / self.seconds > day + 1:
                day += 1
                await self.in_thread(partial(self.new_day, day))
            is_alive = self.follower.last > killed_at
            if next_kill < passed < self.seconds - KILL_S and is_alive:
                next_kill, killed_at = passed + KILL_S, self.follower.last
                self.kills += 1
                await self.in_thread(next(kills))
            if passed > next_sample:
                next_sample = passed + SAMPLE_S
                for each in family.values():
                    each.sample()
        self.pipe.send("end")
        await self.finish()
        await self.in_thread(partial(self.new_day, DAYS))
        for other in others:
            other.cancel()

    def look(self) -> None:
        """Admit hosts that have come, let those go that are read to their end."""
        from relay.models import RelayHost  # noqa: PLC0415

        while self.pipe.poll():
            self.heard.append(self.pipe.recv())
        while self.heard:
            name, last = self.heard[0]
            if last:
                self.leaving[name] = last
            else:
                limits = {"account_limit": 10_000_000, "is_trusted": True}
                RelayHost.objects.get_or_create(hostname=name, defaults=limits)
            del self.heard[0]
        for name, last in list(self.leaving.items()):
            if RelayHost.objects.filter(hostname=name, seq=last).exists():
                del self.leaving[name]
                self.said += last
                self.pipe.send(name)

    def new_day(self, day: int) -> None:
        """Events are of the next day from now on, and the oldest go; note what is held."""
        from django.db import connection  # noqa: PLC0415

        from relay.events.partitions import EVENTS  # noqa: PLC0415
        from repos.events import partitions  # noqa: PLC0415

        missed = self.follower.missed
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM relay_event WHERE seq = ANY (%s)", ([*missed],))
            self.lost += cursor.fetchone()[0]
            cursor.execute(
                "ALTER TABLE relay_event ALTER COLUMN created_at"
                f" SET DEFAULT clock_timestamp() + interval '{day} days'"
            )
            cursor.execute("SELECT ensure_day_partitions('relay_event', %s)", (day + 3,))
            partitions.drop_past(KEPT_DAYS - day, EVENTS)
        missed.clear()
        self.rows.append(holdings.rows())
        print(f"day {day}: {holdings.stores()}, {_newest():,} events so far", flush=True)

    async def finish(self) -> None:
        """Wait until everything that hosts said is written, and the follower has it."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            await self.in_thread(self.look)
            await self.in_thread(self.note_what_is_read)
            if not self.leaving and self.said == self.read and self.follower.last >= self.newest:
                return
            await asyncio.sleep(0.2)
        print(f"not read to the end: {self.leaving}")

    def note_what_is_read(self) -> None:
        from relay.models import RelayHost  # noqa: PLC0415

        numbers = RelayHost.objects.exclude(seq=None).values_list("seq", flat=True)
        self.read, self.newest = sum(numbers), _newest()

    def tell(self) -> bool:
        """Print the figures; whether the week was a good one."""
        from relay.models import Rejection, RelayHost  # noqa: PLC0415

        accepted = sum(RelayHost.objects.values_list("accepted_count", flat=True))
        refused = dict(Rejection.objects.values_list("reason", "count"))
        newest, follower = _newest(), self.follower
        ended = {name: family.ended for name, family in self.families.items() if family.ended}
        print(f"{self.kills} kills; ended by themselves: {ended}")
        print(f"said {self.said:,}, accepted {accepted:,}, newest {newest:,}, refused {refused}")
        print(
            f"subscriber: {follower.count:,} events up to {follower.last:,}, {follower.wrong} twice"
            f" or out of order, {self.lost} lost, came back {follower.back} times"
        )
        for name, family in self.families.items():
            for what, tenths in holdings.by_tenths(family.held).items():
                print(f"{name}: {what} by tenths of the time: {[round(each) for each in tenths]}")
        for table in sorted(self.rows[-1], key=lambda name: -self.rows[-1][name]):
            by_day = [found.get(table, 0) for found in self.rows]
            if len(set(by_day)) > 1:
                print(f"rows of {table} by day: {by_day}")
        is_whole = 0 < self.said == accepted == newest
        return is_whole and not follower.wrong and not self.lost and not refused


def _newest() -> int:
    from relay.models import RelayCounter  # noqa: PLC0415

    return RelayCounter.objects.get(relay_id=1).last_seq


def _keep_what_is_committed() -> None:
    """Also when Postgres' processes are killed: what tests do without is on from now on."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        name = connection.settings_dict["NAME"]
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on')
    connection.close()


def main(sizes: list[str]) -> None:
    seconds, rate = (*map(float, sizes), *(840.0, 200.0)[len(sizes) :])
    relay.prepare()
    _keep_what_is_committed()
    Path(os.environ["GROVE_DATA"], "run").mkdir(exist_ok=True)
    ours, theirs = multiprocessing.Pipe()
    elsewhere = multiprocessing.get_context("spawn").Process(
        target=hosts, args=(rate, theirs), daemon=True
    )
    elsewhere.start()
    theirs.close()
    week = Week(seconds, ours)
    try:
        asyncio.run(week.run())
    finally:
        for family in week.families.values():
            family.process.terminate()
            family.process.wait()
        elsewhere.terminate()
        for valkey in restarted:
            valkey.stop()
    if not week.tell():
        raise SystemExit("something was lost, doubled or refused")


if __name__ == "__main__":
    main(sys.argv[1:])
