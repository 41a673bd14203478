"""What an operator sets is what the edge goes by, and a wrong value is told before the start."""

import os
import subprocess
import sys

import pytest

GIVEN = {
    "GROVE_HEAD_BYTES": "server.web.connections.http_protocol.HEAD_BYTES",
    "GROVE_HEADERS": "server.web.connections.http_protocol.HEADERS",
    "GROVE_HEAD_SECONDS": "server.web.connections.http_protocol.HttpProtocol.headers_s",
    "GROVE_IDLE_SECONDS": "server.web.bodies.streams.IDLE_S",
    "GROVE_SLOWEST_ANSWER": "server.web.connections.slow_clients.SLOWEST_BYTES_PER_S",
    "GROVE_SLOWEST_UPLOAD": "server.web.bodies.streams.SLOWEST_UPLOAD_BYTES_PER_S",
    "GROVE_TRANSFERS_PER_NETWORK": "server.web.bodies.body_transfers.BodyTransfers()._each_max",
    "GROVE_TRANSFERS": "server.web.bodies.body_transfers.BodyTransfers()._most",
    "GROVE_SNAPSHOTS_PER_NETWORK": "server.web.asgi_bridge.NETWORK_SNAPSHOTS",
    "GROVE_SNAPSHOTS": "server.web.asgi_bridge.SNAPSHOTS",
    "GROVE_HELD_BYTES": "server.web.bodies.buffered_bytes.BufferBudget().most",
    "GROVE_BLOCKS_BYTES": "repos.reads.exports.MAX_BLOCKS_BYTES",
    "GROVE_SOCKETS_PER_NETWORK": "hosting.edge_limits.SOCKETS_MAX",
    "GROVE_BACKFILL_BYTES": "repos.events.streams.budget.MOST_BYTES",
    "GROVE_ACCOUNT_CALLS_AT_ONCE": "xrpc.rate_limits.ACCOUNT_CALLS_MAX",
    "GROVE_ACCOUNT_IMPORTS_AT_ONCE": "xrpc.rate_limits.ACCOUNT_IMPORTS_MAX",
    "GROVE_NETWORK_IMPORTS_AT_ONCE": "xrpc.rate_limits.NETWORK_IMPORTS_MAX",
}
IDLE = [
    "server.web.connections.slow_clients.STALLED_S",
    "server.web.connections.websocket_protocol.STALLED_S",
    "server.web.deferred_response.IDLE_S",
]
SCRIPT = """
import django; django.setup()
import server.web.asgi_bridge, hosting.edge_limits
import server.web.connections.http_protocol, server.web.deferred_response
import server.web.bodies.buffered_bytes
import server.web.connections.slow_clients, server.web.bodies.body_transfers
import server.web.connections.websocket_protocol, server.web.bodies.streams
import repos.reads.exports, repos.events.streams.budget, xrpc.rate_limits
"""


def said(script: str, **given: str) -> subprocess.CompletedProcess[str]:
    changed = {"DJANGO_SETTINGS_MODULE": "hosting.settings", **given}
    return subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **changed}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


@pytest.mark.long
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
    done = said("import server.supervisor.run", **{name: value})
    assert (done.returncode, done.stderr) == (1, f"{name} must be {wrong}.\n")
