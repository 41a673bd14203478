"""Pages in Chromium, each with axe-core, light or dark, wide or narrow (tests/interop)."""

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_every_page_is_accessible_in_both_colour_schemes_and_widths() -> None:
    with running_grove() as grove:
        told = tell("pages.mjs", grove, "--admin-password", grove.admin_password)
    assert "axe found nothing" in told


def test_pages_are_accessible_from_right_to_left_and_in_japanese() -> None:
    with running_grove() as grove:
        told = tell("languages.mjs", grove)
    assert "the languages held" in told


def test_a_password_is_set_anew_a_report_leads_to_takedowns_and_a_labeler_labels() -> None:
    with running_grove() as grove:
        reset = tell("password_reset.mjs", grove)
        takedowns = tell("takedowns.mjs", grove, "--admin-password", grove.admin_password)
        admin = ("--admin-password", grove.admin_password)
        labels = tell("labels.mjs", grove, "--plc", grove.plc_url, *admin)
    assert "the reset held" in reset
    assert "the report and its takedowns held" in takedowns
    assert "the labels held" in labels
