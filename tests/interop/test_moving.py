"""Somebody moves from host to host with a real client (tests/interop/moving.mjs), nothing lost.

Between our two sandbox tenants always; to and from the reference PDS where it is at hand: set
GROVE_REFERENCE to a folder with its node_modules and a start.mjs, which starts a PLC directory and
two PDSs (`--plc-port --port --port2 --smtp-port`) and says `{"plc": URL, "pds": [URL, URL]}`.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.stories import CLIENTS, NODE, install_clients
from tests.running import RunningGrove, free_port, running_grove

pytestmark = [pytest.mark.slow, pytest.mark.interop]
REFERENCE = Path(os.environ.get("GROVE_REFERENCE", "/nowhere"))
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@dataclass(frozen=True)
class Reference:
    """The reference PDS, twice, and its PLC directory; all in one process."""

    plc_url: str
    urls: list[str]
    pid: int


@contextmanager
def running_reference(smtp_port: int, plc_url: str = "") -> Iterator[Reference]:
    """Two reference PDSs, on a PLC directory of their own or on that one; stopped at the end."""
    plc_port, *ports = (free_port() for _ in range(3))
    numbers = {"plc-port": plc_port, "port": ports[0], "port2": ports[1], "smtp-port": smtp_port}
    options = [word for name, port in numbers.items() for word in (f"--{name}", str(port))]
    options += ["--plc", plc_url] if plc_url else []
    process = subprocess.Popen(
        [str(NODE), "start.mjs", *options], cwd=REFERENCE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        yield Reference(said["plc"], said["pds"], process.pid)
    finally:
        process.terminate()
        process.wait(120)


def move(plc_url: str, smtp_port: int, hosts: list[str], *options: str) -> str:
    """What the mover says; fails with its complaint."""
    story = subprocess.run(
        [
            str(NODE),
            "moving.mjs",
            *("--plc", plc_url, "--smtp-port", str(smtp_port), "--hosts", ",".join(hosts)),
            *options,
        ],
        cwd=CLIENTS,
        check=False,
        capture_output=True,
        text=True,
        timeout=850,
    )
    assert story.returncode == 0, story.stdout + story.stderr
    return story.stdout


def birch_of(grove: RunningGrove) -> str:
    return grove.url.replace("localhost", "birch.localhost")


@needs_npm
def test_somebody_moves_to_the_other_tenant_and_back() -> None:
    install_clients()
    smtp_port = free_port()
    with running_grove(GROVE_SMTP_URL=f"smtp://127.0.0.1:{smtp_port}") as grove:
        hosts = [grove.url, birch_of(grove), grove.url]
        options = ("--records", "300", "--blobs", "10")
        said = move(grove.plc_url, smtp_port, hosts, *options)
    assert "302 records and 10 blobs arrived" in said


@needs_npm
def test_a_host_fetches_the_blobs_that_nobody_brings() -> None:
    install_clients()
    smtp_port = free_port()
    with running_grove(GROVE_SMTP_URL=f"smtp://127.0.0.1:{smtp_port}") as grove:
        options = ("--records", "30", "--blobs", "12", "--leave-blobs")
        said = move(grove.plc_url, smtp_port, [grove.url, birch_of(grove)], *options)
    assert "31 records and 12 blobs arrived" in said


@needs_npm
@pytest.mark.skipif(not REFERENCE.is_dir(), reason="GROVE_REFERENCE names no reference PDS")
def test_somebody_moves_in_from_the_reference_on_to_another_tenant_and_out_again() -> None:
    install_clients()
    smtp_port = free_port()
    smtp = f"smtp://127.0.0.1:{smtp_port}"
    with running_reference(smtp_port) as reference:
        changed = {"GROVE_SMTP_URL": smtp, "GROVE_PLC_URL": reference.plc_url}
        with running_grove(**changed) as grove:
            hosts = [reference.urls[0], grove.url, birch_of(grove), reference.urls[1]]
            said = move(reference.plc_url, smtp_port, hosts)
    assert "2003 records and 50 blobs arrived" in said
