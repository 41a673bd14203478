"""docs/operators/install.md, "The reverse proxy" and "Tenants and hosts", as written there."""

import http.client
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from tests.house.documents import block
from tests.running import RunningGrove

pytestmark = pytest.mark.slow
OPERATORS = "docs/operators/install.md"


@pytest.fixture
def grove() -> Iterator[RunningGrove]:
    """Running as "The reverse proxy" has it, under a public name and behind a trusted proxy."""
    line = block(OPERATORS, "caddy run").splitlines()[0]
    assert line.endswith(" make run")
    data = Path(tempfile.mkdtemp(prefix="grove-production-"))
    grove = RunningGrove(data, changed=dict(re.findall(r"(GROVE_\w+)=(\S+)", line)))
    grove.begin()
    yield grove
    if grove.is_alive():
        grove.stop()
    rmtree(data, ignore_errors=True)


def status(grove: RunningGrove, path: str, name: str) -> int:
    """Asked as Caddy would ask on behalf of somebody far away."""
    connection = http.client.HTTPConnection("127.0.0.1", grove.port, timeout=20)
    forwarded = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    connection.request("GET", path, headers={"Host": name, **forwarded})
    return connection.getresponse().status


def test_the_documented_production_is_no_sandbox(grove: RunningGrove) -> None:
    grove.await_line("running, but no host is called pds.example.org yet")
    for name in ("pds.example.org", "birch.pds.example.org", "localhost"):
        assert status(grove, "/xrpc/com.atproto.server.describeServer", name) == 404
    made = block(OPERATORS, "host add").replace("pds.acme.example", "pds.example.org")
    made = made.replace(".acme.example", ".example.org")
    grove.command(made)
    grove.await_line("ready https://pds.example.org")
    assert status(grove, "/xrpc/com.atproto.server.describeServer", "pds.example.org") == 200
    assert status(grove, "/dev/mail", "pds.example.org") == 404
