"""The provider's story: a tenant by wizard, its owner, its first account (tenants.mjs)."""

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS


def test_a_tenant_is_set_up_by_wizard_and_its_first_person_signs_up() -> None:
    with running_grove() as grove:
        told = tell("tenants.mjs", grove, "--admin-password", grove.admin_password)
    assert "the tenant held" in told
