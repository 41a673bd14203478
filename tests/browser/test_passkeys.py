"""A person's second factors in Chromium with its virtual authenticator (interop/passkeys.mjs).

Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import os

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_passkeys_an_app_and_recovery_codes_sign_in() -> None:
    shots = os.environ.get("GROVE_SHOTS", "")
    with running_grove() as grove:
        told = tell("passkeys.mjs", grove, *(("--shots", shots) if shots else ()))
    assert "the passkeys held" in told
