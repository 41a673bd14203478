"""Each test has hosts of its own."""

import pytest

from hosting.tenancy import routing


@pytest.fixture(autouse=True)
def _new_hosts():
    routing.forget()
