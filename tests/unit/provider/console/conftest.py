"""Platform staff and owners at the console."""

import pytest
from django.test import Client

from hosting.models import Host, StaffUser
from hosting.tenancy import routing
from tests.factories import staff_member


@pytest.fixture(autouse=True)
def _fresh_hosts() -> None:
    routing.forget()


@pytest.fixture
def provider(ash: Host) -> Client:
    """Platform staff at the console of ash, where they have taken no access."""
    browser = Client(headers={"host": ash.hostname})
    staff = StaffUser.objects.create_user("provider", is_staff=True, is_platform_staff=True)
    browser.force_login(staff)
    return browser


@pytest.fixture
def owner(ash: Host) -> Client:
    """The owner of ash at its console."""
    browser = Client(headers={"host": ash.hostname})
    browser.force_login(staff_member(ash, "owner"))
    return browser
