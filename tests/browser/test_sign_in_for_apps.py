"""Signing in for apps in Chromium: a stranger's story (tests/interop/stranger.mjs) on
@atproto/oauth-client-browser, and where browsers make trouble (tests/interop/sign_ins.mjs).

Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.stories import CHROMIUM, CLIENTS, NODE, install_clients
from tests.running import RunningGrove, running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.interop,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    install_clients()
    with running_grove() as started:
        yield started


def told(script: str, *arguments: str) -> str:
    """What a story says that held."""
    done = subprocess.run(
        [str(NODE), script, *arguments, "--chromium", str(CHROMIUM)],
        cwd=CLIENTS,
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_stranger_signs_up_for_an_app_is_revoked_and_comes_back_with_less(
    grove: RunningGrove, tmp_path: Path
) -> None:
    where = ("--url", grove.url, "--plc", grove.plc_url)
    staff = ("--admin-password", grove.admin_password)
    shots = os.environ.get("GROVE_SHOTS", str(tmp_path))
    said = told("stranger.mjs", *where, *staff, "--shots", shots)
    assert "the stranger's story held" in said


def test_every_browser_finds_its_way_back_to_the_app(grove: RunningGrove, tmp_path: Path) -> None:
    shots = os.environ.get("GROVE_SHOTS", str(tmp_path))
    assert "every sign-in held" in told("sign_ins.mjs", "--url", grove.url, "--shots", shots)
