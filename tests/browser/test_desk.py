"""A moderator's day at the desk, in Chromium."""

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_a_moderator_works_through_a_wave_of_reports() -> None:
    with running_grove(GROVE_RATE_LIMITS="off") as grove:
        told = tell("desk.mjs", grove, "--admin-password", grove.admin_password)
    assert "the day at the desk held" in told
