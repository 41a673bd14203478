"""What an operator sets is what the edge goes by, and a wrong value is told before the start."""

import os
import subprocess
import sys

import pytest

GIVEN = {
    "GROVE_HEAD_BYTES": "hosting.http.HEAD_BYTES",
    "GROVE_HEADERS": "hosting.http.HEADERS",
    "GROVE_HEAD_SECONDS": "hosting.http.HttpProtocol.headers_s",
    "GROVE_IDLE_SECONDS": "hosting.wire.IDLE_S",
    "GROVE_SLOWEST_ANSWER": "hosting.pace.SLOWEST_BYTES_PER_S",
    "GROVE_SLOWEST_UPLOAD": "hosting.wire.SLOWEST_UPLOAD_BYTES_PER_S",
    "GROVE_TRANSFERS_PER_NETWORK": "hosting.transfers.Transfers()._each_max",
    "GROVE_TRANSFERS": "hosting.transfers.Transfers()._most",
    "GROVE_SNAPSHOTS_PER_NETWORK": "hosting.bridge.NETWORK_SNAPSHOTS",
    "GROVE_SNAPSHOTS": "hosting.bridge.SNAPSHOTS",
    "GROVE_HELD_BYTES": "hosting.held_bytes.HeldBytes().most",
    "GROVE_BLOCKS_BYTES": "repos.exports.MAX_BLOCKS_BYTES",
    "GROVE_SOCKETS_PER_NETWORK": "hosting.entrance.SOCKETS_MAX",
    "GROVE_BACKFILL_BYTES": "repos.firehose.budget.MOST_BYTES",
    "GROVE_ACCOUNT_CALLS_AT_ONCE": "xrpc.rate_limits.ACCOUNT_CALLS_MAX",
    "GROVE_ACCOUNT_IMPORTS_AT_ONCE": "xrpc.rate_limits.ACCOUNT_IMPORTS_MAX",
    "GROVE_NETWORK_IMPORTS_AT_ONCE": "xrpc.rate_limits.NETWORK_IMPORTS_MAX",
}
IDLE = ["hosting.pace.STALLED_S", "hosting.websockets.STALLED_S", "hosting.handover.IDLE_S"]
SCRIPT = """
import django; django.setup()
import hosting.bridge, hosting.entrance, hosting.http, hosting.handover, hosting.held_bytes
import hosting.pace, hosting.transfers, hosting.websockets, hosting.wire
import repos.exports, repos.firehose.budget, xrpc.rate_limits
"""


def said(script: str, **given: str) -> subprocess.CompletedProcess[str]:
    changed = {"DJANGO_SETTINGS_MODULE": "hosting.settings", **given}
    return subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **changed}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def test_what_is_set_is_what_the_edge_goes_by() -> None:
    given = {name: str(number) for number, name in enumerate(GIVEN, start=1001)}
    asked = "".join(f"print({place})\n" for place in [*GIVEN.values(), *IDLE])
    done = said(SCRIPT + asked, **given)
    expected = [*given.values(), *[given["GROVE_IDLE_SECONDS"]] * len(IDLE)]
    assert (done.stdout.split(), done.stderr) == (expected, "")


@pytest.mark.parametrize("name", ["GROVE_HEAD_BYTES", "GROVE_SOCKETS_PER_NETWORK"])
@pytest.mark.parametrize(
    ("value", "wrong"), [("0", "at least 1"), ("-1", "a whole number, not '-1'")]
)
def test_a_wrong_limit_ends_the_start_with_one_sentence(name: str, value: str, wrong: str) -> None:
    done = said("import hosting.supervisor.run", **{name: value})
    assert (done.returncode, done.stderr) == (1, f"{name} must be {wrong}.\n")
