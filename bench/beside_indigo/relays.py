"""The two relays as their operators run them, and what their processes use."""

import json
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.beside_indigo.hosts import DIRECTORY_PORT
from tests.running import RunningGrove, free_port

# Rates grow with it, in both alike: beyond what either can take.
ACCOUNT_LIMIT = 100_000_000
DIRECTORY = f"http://localhost:{DIRECTORY_PORT}"
_START_S = 30.0


@dataclass
class Use:
    """What a relay's processes have used: seconds of CPU by kind of process; bytes now (PSS)."""

    cpu_s: dict[str, float]
    memory: dict[str, int]


class Indigo:
    """Indigo's relay with its own database (SQLite). Hosts are told to it there: by its API it
    takes none of this machine."""

    name = "indigo"

    def __init__(self, program: Path, folder: Path, ports: list[int]) -> None:
        self._port = free_port()
        self._argv = [
            str(program), "--plc-host", DIRECTORY, "--log-level", "error",
            "--admin-password", "unused", "serve", "--bind", f"127.0.0.1:{self._port}",
            "--db-url", f"sqlite://{folder}/relay.sqlite", "--persist-dir", str(folder / "persist"),
            "--metrics-listen", f"127.0.0.1:{free_port()}",
        ]  # fmt: skip
        self.url = f"ws://localhost:{self._port}"
        self._start()
        self.stop()
        with sqlite3.connect(folder / "relay.sqlite") as database:
            database.executemany(
                "INSERT INTO host (hostname, no_ssl, account_limit, status, last_seq) "
                "VALUES (?, TRUE, ?, 'active', 0)",
                [(f"localhost:{port}", ACCOUNT_LIMIT) for port in ports],
            )
        database.close()
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._argv, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_S
        process = psutil.Process(self._process.pid)
        while not any(c.laddr.port == self._port for c in process.net_connections()):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def use(self) -> Use:
        process = psutil.Process(self._process.pid)
        return Use(
            {"relay": sum(process.cpu_times()[:2])}, {"relay": process.memory_full_info().pss}
        )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


class Grove:
    """All of `make run`, as on two cores."""

    name = "grove"

    def __init__(self, folder: Path, ports: list[int]) -> None:
        settings = {
            "GROVE_SANDBOX": "on",
            "GROVE_PLC_URL": DIRECTORY,
            "GROVE_RELAY_HOST": "relay.localhost",
            "GROVE_SOCKETS_PER_NETWORK": "200",
        }
        self._grove = RunningGrove(folder, changed=settings)
        self.url = f"ws://relay.localhost:{self._grove.port}"
        self._grove.start()
        names = json.dumps([f"localhost:{port}" for port in ports])
        self._grove.command(
            '.venv/bin/python manage.py shell -c "from relay.models import RelayHost; '
            f"[RelayHost.objects.create(hostname=name, account_limit={ACCOUNT_LIMIT}) "
            f'for name in {names.replace(chr(34), chr(39))}]"'
        )

    def use(self) -> Use:
        used = Use({}, {})
        for name, pid in self._grove.pids().items():
            kind = name.rstrip("-0123456789")
            if kind != "supervisor":
                processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
                cpu_s = sum(sum(each.cpu_times()[:2]) for each in processes)
                size = sum(each.memory_full_info().pss for each in processes)
                used.cpu_s[kind] = used.cpu_s.get(kind, 0.0) + cpu_s
                used.memory[kind] = used.memory.get(kind, 0) + size
        return used

    def refused(self) -> str:
        """What it refused of the hosts, for the record."""
        return self._grove.command(
            '.venv/bin/python manage.py shell -v 0 -c "from relay.models import Rejection; '
            "print(list(Rejection.objects.values_list('reason', 'count')))\""
        ).strip()

    def stop(self) -> None:
        self._grove.stop()
