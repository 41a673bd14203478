"""`manage.py run` as an operator meets it: ready, stopped, started again, refused."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import psutil
import pytest

from hosting import environment

pytestmark = pytest.mark.slow
READY_WITHIN_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Run:
    """One start of the whole deployment on a data folder and ports of its own."""

    def __init__(self, data: Path, **changed: str) -> None:
        given = {name: value for name, value in os.environ.items() if not name.startswith("GROVE_")}
        given.pop("DATABASE_URL", None)
        given.pop("VALKEY_URL", None)
        self.port = free_port()
        given |= {"GROVE_DATA": str(data), "GROVE_PORT": str(self.port),
                  "GROVE_PLC_PORT": str(free_port()), **changed}  # fmt: skip
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run"], cwd=environment.ROOT, env=given, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ready(self) -> list[str]:
        """The lines up to `ready`."""
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("ready "):
            line = self.process.stdout.readline()
            assert line, f"ended before it was ready: {self.process.communicate()[1]}"
            lines.append(line.strip())
        return lines

    def everybody(self) -> list[psutil.Process]:
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=10) as answer:
            return bytes(answer.read())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=40)
        return self.process.returncode


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="grove-run-"))
    yield folder
    rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_process_behind(data: Path, number: signal.Signals) -> None:
    run = Run(data)
    assert run.ready()[-1] == f"ready http://localhost:{run.port}"
    everybody = run.everybody()
    assert run.stop(number) == 0
    assert not [each for each in everybody if each.is_running()]


def test_kill_9_leaves_no_process_behind(data: Path) -> None:
    run = Run(data)
    run.ready()
    everybody = run.everybody()
    run.process.kill()
    run.process.communicate()
    _, left = psutil.wait_procs(everybody, timeout=20)
    assert not left


def test_a_signal_within_the_start_leaves_no_process_behind(data: Path) -> None:
    run = Run(data)
    while not (data / "run" / "pids.json").exists():
        time.sleep(0.02)
    everybody = run.everybody()
    assert run.stop() == 0
    assert not [each for each in everybody if each.is_running()]


def test_a_second_start_is_quick_and_keeps_data_and_secrets(data: Path) -> None:
    first = Run(data)
    lines = first.ready()
    secrets = (data / "secrets" / "key-encryption-keys").read_text()
    first.stop()
    begun = time.monotonic()
    second = Run(data)
    assert second.ready() == [f"ready http://localhost:{second.port}"]
    sys.stdout.write(f"second start: {time.monotonic() - begun:.2f} s\n")
    second.stop()
    assert lines[0].startswith("console ")
    assert (data / "secrets" / "key-encryption-keys").read_text() == secrets


def test_a_killed_web_process_is_replaced_while_the_other_answers(data: Path) -> None:
    run = Run(data)
    run.ready()
    pid = json.loads((data / "run" / "pids.json").read_text())["web-1"]
    os.kill(pid, signal.SIGKILL)
    assert run.process.stdout is not None
    assert run.process.stdout.readline().startswith("web-1 ended (SIGKILL)")
    assert b"version" in run.get("/xrpc/_health")
    assert run.stop() == 0


def refusal_of(run: Run) -> str:
    _, sentence = run.process.communicate(timeout=30)
    assert run.process.returncode == 1
    return sentence.strip()


def test_a_taken_port_is_one_sentence_and_a_failure(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refusal = refusal_of(Run(data, GROVE_PORT=str(port)))
    assert refusal == f"Port {port} is already in use. Stop what holds it, or set GROVE_PORT."


def test_an_unwritable_data_folder_is_one_sentence_and_a_failure(data: Path) -> None:
    (data / "file").write_text("")
    refusal = refusal_of(Run(data / "file" / "below"))
    assert refusal.startswith("Cannot write to the data folder")
    assert "\n" not in refusal


def test_a_data_folder_in_use_is_one_sentence_and_a_failure(data: Path) -> None:
    first = Run(data)
    first.ready()
    assert "Another Grove is running" in refusal_of(Run(data))
    first.stop()
