"""`manage.py run` as an operator meets it: ready, stopped, started again, refused."""

import json
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import psutil
import pytest

from tests.running import RunningGrove, prepared_data

pytestmark = pytest.mark.slow
SOON_S = 120


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="grove-run-"))
    yield folder
    rmtree(folder, ignore_errors=True)


@pytest.fixture
def grove(data: Path) -> Iterator[RunningGrove]:
    """Started before, but not now; whatever a test left running is stopped."""
    yield from stopped_at_the_end(RunningGrove(prepared_data(data)))


@pytest.fixture
def new_grove(data: Path) -> Iterator[RunningGrove]:
    """Never started yet."""
    yield from stopped_at_the_end(RunningGrove(data))


def stopped_at_the_end(grove: RunningGrove) -> Iterator[RunningGrove]:
    yield grove
    if grove.is_alive():
        grove.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_process_behind(grove: RunningGrove, number: signal.Signals) -> None:
    grove.start()
    everybody = grove.everybody()
    assert grove.stop(number) == 0
    assert not [each for each in everybody if each.is_running()]


def test_kill_9_leaves_no_process_behind(grove: RunningGrove) -> None:
    grove.start()
    everybody = grove.everybody()
    grove.kill("supervisor")
    grove.wait_dead()
    _, left = psutil.wait_procs(everybody, timeout=SOON_S)
    assert not left


def test_a_signal_within_the_start_leaves_no_process_behind(new_grove: RunningGrove) -> None:
    new_grove.begin()
    while not (new_grove.data / "run" / "pids.json").exists():
        time.sleep(0.02)
    everybody = new_grove.everybody()
    assert new_grove.stop() == 0
    assert not [each for each in everybody if each.is_running()]


def test_all_that_a_grove_says_is_json_where_it_is_asked_to(new_grove: RunningGrove) -> None:
    new_grove.changed |= {"GROVE_LOG_FORMAT": "json", "GROVE_ADMIN_PASSWORD": ""}
    new_grove.start()
    new_grove.kill("worker")
    new_grove.await_line("worker ended (SIGKILL)")
    new_grove.stop()
    said = [json.loads(line) for line in new_grove.output]
    assert {each["logger"] for each in said} >= {"server.supervisor"}
    password = (new_grove.data / "secrets" / "admin-password").read_text().strip()
    assert not [line for line in new_grove.output if password in line]


def test_a_second_start_is_quick_and_keeps_data_and_secrets(grove: RunningGrove) -> None:
    secret = grove.data / "secrets" / "key-encryption-keys"
    before = secret.read_text()
    begun = time.monotonic()
    grove.start()
    sys.stdout.write(f"second start: {time.monotonic() - begun:.2f} s\n")
    assert secret.read_text() == before


def test_a_password_nobody_chose_is_printed_once_and_kept(new_grove: RunningGrove) -> None:
    new_grove.changed["GROVE_ADMIN_PASSWORD"] = ""
    new_grove.start()
    password = (new_grove.data / "secrets" / "admin-password").read_text().strip()
    assert f"console {new_grove.url}/console/  admin / {password}\n" in new_grove.output
    assert any(line.startswith("first start: making a database") for line in new_grove.output)
    new_grove.stop()
    new_grove.start()
    said = [
        line for line in new_grove.output if not line.startswith("This Python")
    ]  # if it is slow
    assert said == [f"ready {new_grove.url}\n"]


def test_a_killed_web_process_is_replaced_while_the_other_answers(grove: RunningGrove) -> None:
    grove.start()
    grove.kill("web-1")
    grove.await_line("web-1 ended (SIGKILL)")
    with urllib.request.urlopen(f"{grove.url}/xrpc/_health", timeout=10) as answer:
        assert b"version" in answer.read()


def test_a_taken_port_is_one_sentence_and_a_failure(grove: RunningGrove) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        grove.port = taken.getsockname()[1]
        refusal = grove.refusal()
    assert refusal == f"Port {grove.port} is already in use. Stop what holds it, or set GROVE_PORT."


def test_an_unwritable_data_folder_is_one_sentence_and_a_failure(data: Path) -> None:
    (data / "file").write_text("")
    refusal = RunningGrove(data / "file" / "below").refusal()
    assert refusal.startswith("Cannot write to the data folder")
    assert "\n" not in refusal


def test_a_data_folder_in_use_is_one_sentence_and_a_failure(grove: RunningGrove) -> None:
    grove.start()
    assert "Another Grove is running" in RunningGrove(grove.data).refusal()


def test_another_key_encryption_key_is_refused_before_it_is_used(grove: RunningGrove) -> None:
    grove.changed["GROVE_KEK"] = "k1:" + "00" * 32
    assert "The database's keys cannot be unwrapped" in grove.refusal()
