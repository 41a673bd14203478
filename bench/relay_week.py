"""A week of the relay in minutes: `python -m bench.relay_week [SECONDS [RATE]]` (600; 400/s).

Hosts come and go, and on each accounts that write, are deactivated and are deleted. Every KILL_S
seconds one process is killed (-9), the relay, the web process or a verifier in turn, and started
again. Seven days pass: new events are stored under the day that it is then, and what is
older than 72 hours is dropped. Measured: memory of each process and the size of the database a day;
whether everything that hosts said is in the stream once (the counter, the hosts' counts and a
subscriber who comes back with its cursor agree).
All on loopback, on a Postgres in a temporary folder that is gone afterwards.
"""

import asyncio
import multiprocessing
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import psutil
import uvloop

from bench import relay

DAYS = 7
HOSTS = 5
LIVES_S = 60.0  # of a host
WRITES = 150  # of an account, until it is deleted
AUTHORS = 60  # of a host at a time
KEPT_DAYS = 3
KILL_S = 20.0


def hosts(rate: float, pipe: Connection) -> None:
    """The hosts elsewhere, a process."""
    import django  # noqa: PLC0415

    django.setup()
    from bench.passing_hosts import run  # noqa: PLC0415 - with Django

    uvloop.run(run(rate, pipe))


@dataclass
class Family:
    """A process of ours that is killed and started again."""

    arguments: tuple[str, ...]
    sizes: list[float] = field(default_factory=list)  # MB, one a sample, of all its processes

    def __post_init__(self) -> None:
        self.process = relay.program(*self.arguments)

    def sample(self) -> None:
        """Note what it and its children hold of their own (USS)."""
        found = psutil.Process(self.process.pid)
        try:
            family = [found, *found.children(recursive=True)]
            self.sizes.append(sum(each.memory_full_info().uss for each in family) / 1e6)
        except psutil.Error:
            return  # one has just ended

    def kill(self) -> None:
        """End it at once, and start it again."""
        self.process.kill()
        self.process.wait()
        self.process = relay.program(*self.arguments)

    def kill_child(self) -> None:
        """End one of its children at once."""
        for child in psutil.Process(self.process.pid).children()[:1]:
            child.kill()


class Follower:
    """A subscriber that comes back with its cursor; `last` is its place, `wrong` what was out of
    order or told twice."""

    def __init__(self) -> None:
        self.last = self.count = self.wrong = self.back = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        import libipld  # noqa: PLC0415
        from websockets.asyncio.client import connect  # noqa: PLC0415
        from websockets.exceptions import WebSocketException  # noqa: PLC0415

        while True:
            url = f"ws://relay.localhost:{relay.PORT}{relay.PATH}?cursor={self.last}"
            try:
                async with connect(url, host="127.0.0.1", compression=None) as stream:
                    async for message in stream:
                        _, body = libipld.decode_dag_cbor_multi(message)
                        if "seq" not in body:  # a word on what is not kept any more
                            continue
                        self.wrong += body["seq"] <= self.last
                        self.last, self.count = body["seq"], self.count + 1
            except (OSError, WebSocketException):
                self.back += 1
                await asyncio.sleep(0.2)


class Week:
    """The run: its processes, and what it notes."""

    def __init__(self, seconds: float, pipe: Connection) -> None:
        self.seconds = seconds
        self.pipe = pipe
        self.follower = Follower()
        self.said = 0  # by hosts that are gone
        self.leaving: dict[str, int] = {}  # hosts and their last number
        programs = {"relay": ("relay.ingestion.process",), "web": ("server.web.serve", "web")}
        self.families = {name: Family(arguments) for name, arguments in programs.items()}

    async def run(self) -> None:
        """The week itself."""
        begun = time.monotonic()
        following = asyncio.create_task(self.follower.run())
        kills = deque([("relay", False), ("web", False), ("relay", True)])
        day, next_kill = 0, KILL_S
        while (passed := time.monotonic() - begun) < self.seconds:
            await asyncio.sleep(1)
            await asyncio.to_thread(self.look)
            if passed * DAYS / self.seconds > day + 1:
                day += 1
                await asyncio.to_thread(self.new_day, day)
            if next_kill < passed < self.seconds - KILL_S:
                next_kill = passed + KILL_S
                name, is_child = kills[0]
                kills.rotate(-1)
                family = self.families[name]
                await asyncio.to_thread(family.kill_child if is_child else family.kill)
            if int(passed) % 5 == 0:
                for family in self.families.values():
                    family.sample()
        self.pipe.send("end")
        await asyncio.to_thread(self.finish)
        await self.caught_up()
        following.cancel()

    def look(self) -> None:
        """Admit hosts that have come, let those go that are read to their end."""
        from relay.directory import hearing  # noqa: PLC0415
        from relay.models import RelayHost  # noqa: PLC0415

        while self.pipe.poll():
            name, last = self.pipe.recv()
            if last:
                self.leaving[name] = last
            else:
                RelayHost.objects.create(hostname=name, account_limit=10_000_000, is_trusted=True)
        for name, last in list(self.leaving.items()):
            if RelayHost.objects.filter(hostname=name, seq=last).exists():
                del self.leaving[name]
                self.said += last
                self.pipe.send(name)
        while hearing.hear() == hearing.BATCH:  # what the worker does
            pass

    def new_day(self, day: int) -> None:
        """Events are of the next day from now on, and the oldest go."""
        from django.db import connection  # noqa: PLC0415

        from relay.events.partitions import EVENTS  # noqa: PLC0415
        from repos.events import partitions  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE relay_event ALTER COLUMN created_at"
                f" SET DEFAULT clock_timestamp() + interval '{day} days'"
            )
            cursor.execute("SELECT ensure_day_partitions('relay_event', %s)", (day + 3,))
            partitions.drop_past(KEPT_DAYS - day, EVENTS)
            cursor.execute("SELECT pg_database_size(current_database()), count(*) FROM relay_event")
            size, count = cursor.fetchone()
        memory = {name: round(f.sizes[-1]) for name, f in self.families.items() if f.sizes}
        print(
            f"day {day}: database {size / 1e6:.0f} MB, {count:,} events; MB: {memory}", flush=True
        )

    def finish(self) -> None:
        """Wait until everything that hosts said is written."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            self.look()
            if self.pipe.closed or (not self.leaving and self.all_gone()):
                return
            time.sleep(0.2)
        raise SystemExit(f"not read to the end: {self.leaving}")

    def all_gone(self) -> bool:
        from relay.models import RelayHost  # noqa: PLC0415

        return self.said == sum(RelayHost.objects.values_list("seq", flat=True)) and self.said > 0

    async def caught_up(self) -> None:
        """Wait until the follower has the newest event."""
        newest = await asyncio.to_thread(_newest)
        async with asyncio.timeout(60):
            while self.follower.last < newest:
                await asyncio.sleep(0.1)

    def tell(self) -> bool:
        """Print the figures; whether the week was a good one."""
        from relay.models import Rejection, RelayHost  # noqa: PLC0415

        accepted = sum(RelayHost.objects.values_list("accepted_count", flat=True))
        refused = dict(Rejection.objects.values_list("reason", "count"))
        newest, follower = _newest(), self.follower
        print(f"said {self.said:,}, accepted {accepted:,}, newest {newest:,}, refused {refused}")
        print(
            f"subscriber: {follower.count:,} events up to {follower.last:,}, {follower.wrong} twice"
            f" or out of order, came back {follower.back} times"
        )
        for name, family in self.families.items():
            shown = ", ".join(f"{size:.0f}" for size in _tenths(family.sizes))
            print(f"{name}: MB of its own, by tenths of the time: {shown}")
        return self.said == accepted == newest and not follower.wrong and not refused


def _tenths(sizes: list[float]) -> list[float]:
    """The median of each tenth."""
    step = max(1, len(sizes) // 10)
    tenths = [sizes[at : at + step] for at in range(0, step * 10, step)]
    return [sorted(tenth)[len(tenth) // 2] for tenth in tenths if tenth]


def _newest() -> int:
    from relay.models import RelayCounter  # noqa: PLC0415

    return RelayCounter.objects.get(relay_id=1).last_seq


def main(sizes: list[str]) -> None:
    seconds, rate = (*map(float, sizes), *(600.0, 400.0)[len(sizes) :])
    relay.prepare()
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
    if not week.tell():
        raise SystemExit("something was lost, doubled or refused")


if __name__ == "__main__":
    main(sys.argv[1:])
