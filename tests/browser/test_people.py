"""Two people and one account in Chromium: invited, acting in an app, removed; then axe-core."""

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_somebody_acts_for_an_account_until_they_are_removed() -> None:
    with running_grove() as grove:
        told = tell("people.mjs", grove)
    assert "acting for an account held" in told
