"""The provider's story on pages alone, from a plan to a second server (provider_story.mjs).

Two deployments and fifty people, minutes: GROVE_PROVIDER_STORY=1 has it told, as by the API and by
command (tests/interop/provider). Set GROVE_SHOTS to a folder to keep the screenshots.
"""

import os

import pytest

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = [
    *MARKS,
    pytest.mark.skipif("GROVE_PROVIDER_STORY" not in os.environ, reason="GROVE_PROVIDER_STORY"),
]
AT_PACE = {"GROVE_ANNOUNCEMENTS_PER_HOUR": "60000"}


def test_a_tenant_from_its_plan_to_its_life_elsewhere_by_pages() -> None:
    shots = os.environ.get("GROVE_SHOTS", "")
    with (
        running_grove(**AT_PACE) as here,
        running_grove(GROVE_PLC_URL=here.plc_url, GROVE_SANDBOX="on", **AT_PACE) as there,
    ):
        told = tell(
            "provider_story.mjs",
            here,
            *("--admin-password", here.admin_password),
            *("--there", there.url, "--there-password", there.admin_password),
            *(("--shots", shots) if shots else ()),
        )
    assert "the tenant lives elsewhere" in told
