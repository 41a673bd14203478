"""Processes that the supervisor forks, and what they must not share with it."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[4]
# In an interpreter of its own: that of the tests may have threads, which a fork would lose.
SCRIPT = """
import json, os, signal, sys, time
from pathlib import Path
from server.supervisor import forked
said = Path(sys.argv[1])
"""


def in_a_process(folder: Path, body: str) -> Any:
    """What a supervisor's script wrote into `said`, once it ended well."""
    said = folder / "said"
    argv = [sys.executable, "-c", SCRIPT + body, str(said)]
    subprocess.run(argv, cwd=ROOT, check=True, timeout=60)
    return json.loads(said.read_text())


def test_an_exit_code_and_a_signal_are_known(tmp_path: Path) -> None:
    body = """
wrong = forked.fork("wrong", lambda: 3, {})
long = forked.fork("long", lambda: time.sleep(60), {})
long.kill()
said.write_text(json.dumps([wrong.wait(30), long.wait(30), long.poll()]))
"""
    assert in_a_process(tmp_path, body) == [3, -9, -9]


def test_an_exception_ends_the_child_alone(tmp_path: Path) -> None:
    body = """
child = forked.fork("broken", lambda: 1 / 0, {})
said.write_text(json.dumps(child.wait(30)))
"""
    assert in_a_process(tmp_path, body) == 1


def test_a_child_has_an_environment_a_session_and_files_of_its_own(tmp_path: Path) -> None:
    body = """
os.environ["SECRET"] = "of the supervisor"
held = open(said.with_suffix(".lock"), "w")
def main():
    is_leader, environment = os.getsid(0) == os.getpid(), dict(os.environ)
    has_file = os.path.exists(f"/proc/self/fd/{held.fileno()}")
    said.write_text(json.dumps([environment, is_leader, has_file]))
forked.fork("child", main, {"ITS": "own"}).wait(30)
"""
    assert in_a_process(tmp_path, body) == [{"ITS": "own"}, True, False]


def test_a_child_answers_signals_that_the_supervisor_only_notes(tmp_path: Path) -> None:
    body = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = forked.fork("child", lambda: time.sleep(60), {})
while Path(f"/proc/{child.pid}/comm").read_text() != "child\\n":
    time.sleep(0.01)
child.send_signal(signal.SIGTERM)
said.write_text(json.dumps(child.wait(30)))
"""
    assert in_a_process(tmp_path, body) == -15


def test_a_child_that_waits_for_what_is_gone_ends_with_its_starter(tmp_path: Path) -> None:
    body = """
def wait_for_a_broker():
    signal.signal(signal.SIGTERM, lambda *_: None)
    said.write_text(json.dumps(os.getpid()))
    while True:
        time.sleep(60)
forked.fork("worker", wait_for_a_broker, {})
while not said.exists() or not said.read_text():
    time.sleep(0.01)
os._exit(0)
"""
    child = in_a_process(tmp_path, body)
    deadline = time.monotonic() + 60
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_ends_in_its_place_when_its_output_has_no_disk(tmp_path: Path) -> None:
    body = """
sys.stdout = open("/dev/full", "w")
try:
    child = forked.fork("full", lambda: print("a line"), {})
    said.write_text(json.dumps([os.getpid(), child.wait(30)]))
except BaseException:
    said.write_text("0")
"""
    assert in_a_process(tmp_path, body)[1] == 0


def test_a_supervisor_outlives_a_full_disk_under_its_log(tmp_path: Path) -> None:
    body = """
from server.supervisor.announcements import say, warn
sys.stdout = sys.stderr = open("/dev/full", "w")
say("ready")
warn("slow")
said.write_text(json.dumps(forked.fork("child", lambda: 3, {}).wait(30)))
os._exit(0)
"""
    assert in_a_process(tmp_path, body) == 3
