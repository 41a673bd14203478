"""docs/operators/install.md, "The reverse proxy" and "Tenants and hosts", as written there."""

import http.client
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from tests.house.documents import block
from tests.running import RunningGrove, free_port

pytestmark = pytest.mark.slow
OPERATORS = "docs/operators/install.md"


@pytest.fixture
def grove() -> Iterator[RunningGrove]:
    """Running as "The reverse proxy" has it, under a public name and behind a trusted proxy."""
    line = block(OPERATORS, "caddy run").splitlines()[0]
    assert line.endswith(" make run")
    data = Path(tempfile.mkdtemp(prefix="grove-production-"))
    changed = dict(re.findall(r"(GROVE_\w+)=(\S+)", line))
    assert changed["GROVE_CERTIFICATES_PORT"] in Path("deploy/Caddyfile").read_text()
    changed["GROVE_CERTIFICATES_PORT"] = str(free_port())  # other tests run beside this one
    grove = RunningGrove(data, changed=changed)
    grove.begin()
    yield grove
    if grove.is_alive():
        grove.stop()
    rmtree(data, ignore_errors=True)


def status(grove: RunningGrove, path: str, name: str, port: str = "") -> int:
    """Asked as Caddy would ask on behalf of somebody far away."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port or grove.port), timeout=20)
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
    own = grove.changed["GROVE_CERTIFICATES_PORT"]
    for domain, expected in (("pds.example.org", 200), ("nobody.example.com", 400)):
        asked = f"/tls-check?domain={domain}"
        assert [status(grove, asked, "127.0.0.1", port) for port in ("", own)] == [expected] * 2
