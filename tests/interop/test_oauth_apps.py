"""Apps on libraries that are not ours sign people in by OAuth; the documents' examples do, too.

The person is tests/interop/person.mjs, a browser without scripts.
"""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import certificates
from tests.browser.stories import CLIENTS, NODE, install_clients
from tests.interop.grove_beside_app import APP
from tests.running import ROOT, RunningGrove, free_port, running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
EXAMPLES = ROOT / "docs" / "examples"
HANDLE, PASSWORD = "alice.test", "correct horse battery"
LIBRARIES = (
    "oauth4webapi",
    "openid-client",
    "@atproto/oauth-client-node",
    "@atcute/oauth-node-client",
)


@dataclass(frozen=True)
class Sandbox:
    """A running Grove with an account in it."""

    grove: RunningGrove

    def client(self, script: str, *options: str) -> "subprocess.CompletedProcess[str]":
        person = ("--url", self.grove.url, "--handle", HANDLE, "--password", PASSWORD)
        return subprocess.run(
            [str(NODE), script, *person, *options],
            cwd=CLIENTS, check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def sign_in_to(self, command: list[str], folder: Path) -> str:
        """What an example says; its person opens the address that it prints."""
        with started(command, folder) as example:
            assert example.stdout is not None
            first = example.stdout.readline()
            assert first.startswith("Open http"), first + example.stdout.read()
            visit = self.client("visit.mjs", "--start", first.removeprefix("Open ").strip())
            assert visit.stdout.strip() == "200", visit.stdout + visit.stderr
            return example.communicate(timeout=120)[0]


@contextmanager
def started(command: list[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that does not outlive its test."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process: subprocess.Popen[str] = subprocess.Popen(command, cwd=folder, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def sign_up(url: str) -> None:
    """The person's account; a directory that is busy is asked again, as its answer says."""
    email = f"{HANDLE}@example.com"
    account = {"handle": HANDLE, "email": email, "password": PASSWORD}
    headers = {"Content-Type": "application/json"}
    for _ in range(20):
        request = urllib.request.Request(
            f"{url}/xrpc/com.atproto.server.createAccount", json.dumps(account).encode(), headers
        )
        try:
            urllib.request.urlopen(request, timeout=60).close()
        except urllib.error.HTTPError as refusal:
            if refusal.code != 502:
                raise
            time.sleep(1)
        else:
            return
    pytest.fail("the directory stayed away")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    install_clients()
    with running_grove() as grove:
        sign_up(grove.url)
        yield Sandbox(grove)


def test_four_libraries_sign_in_call_refresh_and_sign_out(sandbox: Sandbox) -> None:
    story = sandbox.client("apps.mjs", "--plc", sandbox.grove.plc_url)
    assert story.returncode == 0, story.stdout + story.stderr
    assert story.stdout.splitlines() == [
        f"{library}: signed in, called, refreshed, signed out" for library in LIBRARIES
    ]


def test_an_app_with_a_key_of_its_own_signs_in_over_tls(tmp_path: Path) -> None:
    install_clients()
    certificate, port = str(certificates.write(tmp_path, APP)), str(free_port())
    program = ("-m", "tests.interop.grove_beside_app", port)
    with running_grove(*program, SSL_CERT_FILE=certificate) as grove:
        sign_up(grove.url)
        own = ("--plc", grove.plc_url, "--port", port, "--certificate", certificate)
        story = Sandbox(grove).client("confidential.mjs", *own)
    assert story.returncode == 0, story.stdout + story.stderr
    assert story.stdout == "signed in with a key, called, refreshed, signed out\n"


def test_the_example_in_python_holds(sandbox: Sandbox, tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "sign_in.py"), sandbox.grove.url, HANDLE]
    said = sandbox.sign_in_to(command, tmp_path)
    assert "Posted at://did:plc:" in said
    assert said.endswith("Refreshed, and signed out\n")


def test_the_example_in_javascript_holds(sandbox: Sandbox, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "sign_in.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    command = [str(NODE), "sign_in.mjs", sandbox.grove.url, HANDLE, sandbox.grove.plc_url]
    said = sandbox.sign_in_to(command, tmp_path)
    assert "Posted at://did:plc:" in said
    assert said.endswith("Signed out\n")
