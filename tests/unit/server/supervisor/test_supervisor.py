"""The supervisor's parts: what it refuses to start on, and how it looks after its children."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from server import ports
from server.embedded import processes
from server.encryption import secret_files
from server.supervisor.checks import Refusal, cautions, clear_temporary, lock, open_data_folder
from server.supervisor.children import Child, ChildProcesses
from server.supervisor.stop_signals import SIGNALS, Stopped, StopSignals


def sleeper() -> subprocess.Popen[bytes]:
    return processes.start(["sleep", "60"])


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(tmp_path: Path, said: list[str]) -> ChildProcesses:
    return ChildProcesses(pids_file=tmp_path / "pids.json", say=said.append)


def test_a_data_folder_is_made_with_private_subfolders(tmp_path: Path) -> None:
    open_data_folder(tmp_path / "new" / "data")
    assert (tmp_path / "new" / "data" / "secrets").stat().st_mode & 0o777 == 0o700


def test_an_unwritable_data_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match=r"^Cannot write to the data folder .* GROVE_DATA\.$"):
        open_data_folder(tmp_path / "file" / "data")


def test_a_data_folder_in_use_is_refused(tmp_path: Path) -> None:
    open_data_folder(tmp_path)
    with lock(tmp_path), pytest.raises(Refusal, match="Another Grove"):
        lock(tmp_path)


def test_temporary_files_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    open_data_folder(tmp_path)
    (tmp_path / "temporary" / "left").write_text("a body")
    clear_temporary(tmp_path)
    assert not list((tmp_path / "temporary").iterdir())


def test_secrets_are_kept_and_private(tmp_path: Path) -> None:
    secret_files.create_missing(tmp_path)
    file = tmp_path / "secrets" / "key-encryption-keys"
    before = file.read_text()
    secret_files.create_missing(tmp_path)
    assert file.read_text() == before
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_refused_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortTaken, match=f"^Port {port} is already in use.*GROVE_PORT"):
            ports.reserve(port, "GROVE_PORT")


def test_a_reserved_port_can_be_shared_by_us_and_reserved_by_nobody_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    held = ports.reserve(port, "GROVE_PORT")
    shared = ports.shared(port)
    with pytest.raises(ports.PortTaken):
        ports.reserve(port, "GROVE_PORT")
    for each in held + shared:
        each.close()


def test_children_are_listed_with_their_process_ids(children: ChildProcesses) -> None:
    children.add(Child("web-1", sleeper))
    pid = children.children[0].process.pid  # type: ignore[union-attr]
    assert json.loads(children.pids_file.read_text()) == {"web-1": pid}
    children.stop(["web"])


def test_who_died_starts_again_after_a_pause(children: ChildProcesses, said: list[str]) -> None:
    child = Child("web-1", sleeper, pause_s=0.05)
    children.add(child)
    first = child.process
    first.kill()  # type: ignore[union-attr]
    first.wait()  # type: ignore[union-attr]
    children.restart_ended()
    assert said == ["web-1 ended (SIGKILL); it starts again in 0.05 s"]
    while child.process is first:
        children.restart_ended()
    children.stop(["web"])


def test_the_pause_doubles_up_to_a_limit(children: ChildProcesses) -> None:
    child = Child("web-1", lambda: processes.start(["true"]), pause_s=20.0)
    children.add(child)
    child.process.wait()  # type: ignore[union-attr]
    children.restart_ended()
    assert child.pause_s == 30.0
    children.stop(["web"])


def test_a_child_that_cannot_be_forked_waits_longer_each_time(
    children: ChildProcesses, said: list[str]
) -> None:
    def refused() -> subprocess.Popen[bytes]:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    child = Child("web-1", lambda: processes.start(["true"]), pause_s=0.01)
    children.add(child)
    child.process.wait()  # type: ignore[union-attr]
    child.begin = refused
    while len(said) < 3:
        children.restart_ended()
    assert "web-1 did not start ([Errno 11] Resource temporarily unavailable)" in said[2]
    assert child.pause_s == 0.08


def test_a_list_that_cannot_be_written_holds_no_child_back(children: ChildProcesses) -> None:
    child = Child("web-1", lambda: processes.start(["true"]), pause_s=0.01)
    children.add(child)
    child.process.wait()  # type: ignore[union-attr]
    child.begin = sleeper
    kept, children.pids_file = children.pids_file, Path("/dev/full/pids.json")
    while child.process.poll() is not None:  # type: ignore[union-attr]
        children.restart_ended()
    children.pids_file = kept
    children.stop(["web"])


def test_children_are_stopped_in_order(children: ChildProcesses, tmp_path: Path) -> None:
    order, endless = tmp_path / "order", "while :; do sleep 0.02; done"
    names = ("postgres", "web-1", "web-2")

    def noting(name: str) -> Child:
        script = f"trap 'echo {name} >> {order}; exit' TERM; : > {tmp_path}/{name}; {endless}"
        return Child(name, lambda: processes.start(["sh", "-c", script]))

    for name in names:
        children.add(noting(name))
    while not all((tmp_path / name).exists() for name in names):
        time.sleep(0.02)
    children.stop(["web", "postgres"])
    assert order.read_text().split()[-1] == "postgres"
    assert not children.pids_file.exists()


def test_the_first_signal_is_noted_and_the_second_is_not_waited_for(tmp_path: Path) -> None:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    stop_signals = StopSignals(at_second=lambda: None)
    try:
        stop_signals.check()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Stopped):
            stop_signals.check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    ("changed", "begins"),
    [
        ({}, []),
        ({"GROVE_PUBLIC_URL": "https://pds.example.org"}, []),
        ({"GROVE_LISTEN": "0.0.0.0", "GROVE_SANDBOX": "off"}, []),
        (
            {"GROVE_PUBLIC_URL": "https://pds.example.org", "GROVE_SANDBOX": "on"},
            ["WARNING: GROVE_SANDBOX=on at https://pds.example.org."],
        ),
        ({"GROVE_LISTEN": "0.0.0.0,::"}, ["WARNING: a sandbox listens on 0.0.0.0, ::."]),
    ],
)
def test_a_sandbox_in_reach_of_others_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], begins: list[str]
) -> None:
    for name in ("GROVE_PUBLIC_URL", "GROVE_SANDBOX", "GROVE_LISTEN"):
        monkeypatch.setenv(name, changed.get(name, ""))
    assert [line.split(" A sandbox lets")[0] for line in cautions()] == begins
