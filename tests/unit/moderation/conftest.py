"""Staff of every role at ash, staff of birch, platform staff; and accounts with repos."""

from collections.abc import Callable

import pytest

from accounts.models import Account
from hosting.models import Host, StaffUser
from hosting.tenancy import routing
from tests.factories import open_account, staff_member


@pytest.fixture(autouse=True)
def _fresh_hosts() -> None:
    routing.forget()


@pytest.fixture
def account(ash: Host) -> Account:
    """Somebody at ash."""
    return open_account(ash)


@pytest.fixture
def staff_of() -> Callable[[Host, str], StaffUser]:
    """A new member of staff: `staff_of(ash, "moderator")`."""
    return staff_member


@pytest.fixture
def moderator(ash: Host, staff_of: Callable[[Host, str], StaffUser]) -> StaffUser:
    return staff_of(ash, "moderator")


@pytest.fixture
def provider(db: None) -> StaffUser:
    """Platform staff."""
    return StaffUser.objects.create_user("provider", is_staff=True, is_platform_staff=True)
