"""bench.methods: no method is left out, statements are counted by the log, and it runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.methods.__main__ import chosen
from bench.methods.calls import CALLS, ELSEWHERE
from bench.methods.measure import Figures
from bench.methods.statements import in_log
from bench.methods.table import Row
from xrpc import dispatch, registry

ROOT = Path(__file__).resolve().parents[3]
FAST, SLOW = Figures(1.0, 2.0, 300.0), Figures(1.0, 2.0, 100.0)


def test_every_method_is_called_or_there_is_a_reason_why_not():
    assert dispatch.XrpcView  # importing it declares all methods
    rest = set(registry.registered()) - set(CALLS)
    assert [nsid for nsid in rest if not nsid.startswith(tuple(ELSEWHERE))] == []
    assert set(CALLS) <= set(registry.registered())


def test_methods_are_chosen_by_name_or_by_a_part_of_one():
    assert [call.nsid for call in chosen(["com.atproto.repo.getRecord"])] == [
        "com.atproto.repo.getRecord"
    ]
    assert {call.nsid for call in chosen(["getRecord"])} == {
        "com.atproto.repo.getRecord",
        "com.atproto.sync.getRecord",
    }
    assert len(chosen([])) == len(CALLS)


def test_statements_of_each_call_are_counted_and_no_others():
    told = (
        "2026-11-30 11:00:00.000 UTC [12] LOG:  execute grove_4: SELECT a\n\t FROM b\n"
        "2026-11-30 11:00:00.000 UTC [12] LOG:  statement: BEGIN\n"
        "2026-11-30 11:00:00.000 UTC [13] LOG:  execute <unnamed>: UPDATE a SET b = 1\n"
        "2026-11-30 11:00:00.000 UTC [13] LOG:  statement: COMMIT\n"
    )
    now_and_then = "2026-11-30 11:00:00.000 UTC [14] LOG:  execute _pg3_0: SELECT jobs\n"
    assert in_log(told * 5 + now_and_then, calls=5) == 2


def test_a_method_below_the_floor_is_marked():
    assert "below" in Row("a", {"grove": [SLOW], "reference": [FAST]}).line()
    assert "3.00 |" in Row("a", {"grove": [FAST], "reference": [SLOW]}).line()


@pytest.mark.slow
def test_it_runs_on_a_server_of_its_own():
    asked = ["getLatestCommit", "server.confirmEmail"]
    options = ["--alone", "--rounds", "1", "--seconds", "0.2"]
    command = [sys.executable, "-m", "bench.methods", *options, *asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for nsid in ("com.atproto.sync.getLatestCommit", "com.atproto.server.confirmEmail"):
        assert re.search(rf"^\| {nsid} \| \d+ \| [\d.]+ \+", done.stdout, re.MULTILINE), nsid
