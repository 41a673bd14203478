"""The pages of an account in Chromium: without scripts, then looked at by axe-core."""

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_somebody_without_scripts_looks_after_the_account() -> None:
    with running_grove() as grove:
        told = tell("account_centre.mjs", grove)
    assert "the account centre held" in told
