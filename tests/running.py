"""A whole Grove, as `make run` starts it, on free loopback ports and with a data folder of its own.

For the tests that need real processes: kill -9, real clients, the newcomer's story.
"""

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

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 30


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningGrove:
    """One `manage.py run`: `start`, `stop`, and the process ids of its parts."""

    data: Path
    port: int = field(default_factory=free_port)
    plc_port: int = field(default_factory=free_port)
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    process: "subprocess.Popen[str] | None" = None
    output: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def plc_url(self) -> str:
        return f"http://localhost:{self.plc_port}"

    def start(self) -> None:
        """Start and wait for the ready line; AssertionError with the output when it never comes."""
        self.output.clear()
        ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=ROOT,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        assert ready.wait(START_TIMEOUT_S), "".join(self.output)

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
        }

    def _read(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line)
            if line.startswith(f"ready {self.url}"):
                ready.set()

    def pids(self) -> dict[str, int]:
        """Process ids by name, the supervisor's included."""
        assert self.process is not None
        noted = json.loads((self.data / "run" / "pids.json").read_text())
        return {**{name: int(pid) for name, pid in noted.items()}, "supervisor": self.process.pid}

    def kill(self, name: str) -> None:
        """kill -9 of one process."""
        os.kill(self.pids()[name], signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as an operator would; the exit status."""
        assert self.process is not None
        self.process.terminate()
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


@contextmanager
def running_grove() -> Iterator[RunningGrove]:
    """A started Grove that is stopped, and its data removed, at the end."""
    grove = RunningGrove(Path(tempfile.mkdtemp(prefix="grove-running-")))
    try:
        grove.start()
        yield grove
    finally:
        if grove.process is not None and grove.process.poll() is None:
            grove.stop()
        shutil.rmtree(grove.data, ignore_errors=True)
