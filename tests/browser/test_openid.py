"""People and staff sign in by a real OpenID provider, in Chromium (tests/interop/openid.mjs).

Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import os
from pathlib import Path

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_people_and_staff_sign_in_with_what_their_tenant_has(tmp_path: Path) -> None:
    shots = os.environ.get("GROVE_SHOTS", str(tmp_path))
    with running_grove() as grove:
        secret = ("--admin-password", grove.admin_password)
        told = tell("openid.mjs", grove, *secret, "--shots", shots)
    assert "signing in by OpenID Connect held" in told
