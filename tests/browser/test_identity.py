"""A person's identity, a recovery key and the end of an account in Chromium (tests/interop).

Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import os
from pathlib import Path

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_a_recovery_key_is_made_tested_placed_and_removed_and_an_account_ends(
    tmp_path: Path,
) -> None:
    shots = os.environ.get("GROVE_SHOTS", str(tmp_path))
    with running_grove() as grove:
        told = tell("identity.mjs", grove, "--plc", grove.plc_url, "--shots", shots)
    assert "the identity held" in told
