"""A whole Grove, as `make run` starts it, on free loopback ports and with a data folder of its own.

For the tests that need real processes: kill -9, real clients, the newcomer's story.
"""

import atexit
import errno
import functools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
# Only a hang is that slow: a start takes four seconds on an idle machine, a minute on a busy one.
START_TIMEOUT_S = 400
STOP_TIMEOUT_S = 120
# Below the ports that Linux gives to outgoing connections: nobody comes by one of these unawares
# between the moment we look and the moment the process that we start for it listens.
PORTS = range(12_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on at this moment, and that was not given out before."""
    while True:
        port = secrets.choice(PORTS)
        if port not in _given and all(_is_free(port, address) for address in ("127.0.0.1", "::1")):
            _given.add(port)
            return port


def _is_free(port: int, address: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, port))
        except OSError as reason:
            return reason.errno == errno.EADDRNOTAVAIL  # a machine without IPv6
    return True


@dataclass
class RunningGrove:
    """One `manage.py run`: `start`, `stop`, and the process ids of its parts.

    `changed` is what its environment differs in; an empty value unsets a variable.
    """

    data: Path
    port: int = field(default_factory=free_port)
    plc_port: int = field(default_factory=free_port)
    # Hexadecimal: of other texts one in 64 begins with "-" and reads as an option of a command.
    admin_password: str = field(default_factory=lambda: secrets.token_hex(12))
    process: "subprocess.Popen[str] | None" = None
    output: list[str] = field(default_factory=list)
    _reader: threading.Thread = field(init=False)
    changed: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("manage.py", "run")

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def public_url(self) -> str:
        return self.changed.get("GROVE_PUBLIC_URL") or self.url

    @property
    def plc_url(self) -> str:
        return f"http://localhost:{self.plc_port}"

    def start(self) -> None:
        """Start and wait for the ready line; AssertionError with the output when it never comes."""
        ready = self.begin()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready.wait(0.1):
            assert time.monotonic() < deadline, "".join(self.output)
            assert self.is_alive(), "".join(self.output)

    def begin(self) -> threading.Event:
        """Start and go on at once; the event is set by the ready line."""
        self.output.clear()
        ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, *self.program],
            cwd=ROOT,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process, ready), daemon=True)
        self._reader.start()
        return ready

    def await_line(self, said: str) -> None:
        """Wait until it has said that in a line; AssertionError when it never does."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not any(said in line for line in self.output):
            assert time.monotonic() < deadline, "".join(self.output)
            assert self.is_alive(), "".join(self.output)
            time.sleep(0.05)

    def command(self, script: str, **changed: str) -> str:
        """What a shell says that an operator opens beside it, in the documents' words; its exit
        status must be 0. `.venv/bin/python` is the interpreter of the tests."""
        done = subprocess.run(
            ["sh", "-euc", script.replace(".venv/bin/python", sys.executable)],
            cwd=ROOT,
            env={**self._environment(), **changed},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def refusal(self) -> str:
        """What a start that cannot succeed says before it ends with exit status 1."""
        self.begin()
        assert self.process is not None
        assert self.process.wait(START_TIMEOUT_S) == 1
        self._reader.join(STOP_TIMEOUT_S)
        return "".join(self.output).strip()

    def everybody(self) -> list[psutil.Process]:
        """The supervisor and all its descendants."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GROVE_")
            and name not in {"DATABASE_URL", "VALKEY_URL", "DJANGO_SETTINGS_MODULE"}
        }
        return {
            **kept,
            "GROVE_DATA": str(self.data),
            "GROVE_PORT": str(self.port),
            "GROVE_PLC_PORT": str(self.plc_port),
            "GROVE_ADMIN_PASSWORD": self.admin_password,
            "GROVE_RATE_LIMITS": "off",
            **self.changed,
        }

    def _read(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line)
            if f"ready {self.public_url}" in line:  # alone, or as an event of a log
                ready.set()

    def pids(self) -> dict[str, int]:
        """Process ids by name, the supervisor's included."""
        assert self.process is not None
        noted = json.loads((self.data / "run" / "pids.json").read_text())
        return {**{name: int(pid) for name, pid in noted.items()}, "supervisor": self.process.pid}

    def kill(self, name: str) -> None:
        """kill -9 of one process."""
        os.kill(self.pids()[name], signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """SIGTERM, as an operator would; the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(STOP_TIMEOUT_S)

    def wait_dead(self) -> None:
        """After a kill -9 of the supervisor: until every child has gone."""
        assert self.process is not None
        children = [pid for name, pid in self.pids().items() if name != "supervisor"]
        self.process.wait(STOP_TIMEOUT_S)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while any(Path(f"/proc/{pid}/stat").exists() for pid in children):
            assert time.monotonic() < deadline, f"left behind: {children}"
            time.sleep(0.05)


def prepared_data(folder: Path | None = None) -> Path:
    """A data folder as a first start leaves it, for whom that start is not the matter: a copy of
    one that is made once a process, which takes a tenth of its time."""
    folder = folder or Path(tempfile.mkdtemp(prefix="grove-running-"))
    subprocess.run(["cp", "-a", f"{_data_of_a_first_start()}/.", str(folder)], check=True)
    return folder


@functools.cache
def _data_of_a_first_start() -> Path:
    grove = RunningGrove(Path(tempfile.mkdtemp(prefix="grove-prepared-")))
    atexit.register(shutil.rmtree, grove.data, ignore_errors=True)
    grove.start()
    assert grove.stop() == 0
    return grove.data


@contextmanager
def running_grove(*program: str, **changed: str) -> Iterator[RunningGrove]:
    """A started Grove that is stopped, and its data removed, at the end; `changed` is what its
    environment differs in, `program` another one that starts it."""
    grove = RunningGrove(prepared_data(), changed=changed)
    grove.program = program or grove.program
    try:
        grove.start()
        yield grove
    finally:
        if grove.is_alive():
            grove.stop()
        shutil.rmtree(grove.data, ignore_errors=True)
