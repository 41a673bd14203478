"""The newcomer's story with real clients against a real server (tests/interop/newcomer.mjs).

Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import os
from pathlib import Path

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS
PAGES = [
    "sign-up",
    "sign-up-filled",
    "account-home",
    "console-sign-in",
    "console",
    "console-account",
    "console-taken-down",
    "taken-down",
]


def test_a_newcomer_signs_up_posts_is_seen_and_is_taken_down(tmp_path: Path) -> None:
    shots = Path(os.environ.get("GROVE_SHOTS", str(tmp_path)))
    with running_grove() as grove:
        password = ("--admin-password", grove.admin_password)
        told = tell("newcomer.mjs", grove, "--plc", grove.plc_url, *password, "--shots", str(shots))
    assert "the newcomer's story held" in told
    for page in PAGES:
        assert (shots / f"{page}-phone.png").stat().st_size > 5_000
