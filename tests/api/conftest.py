"""A host as its clients see it: `Api` speaks XRPC through Django's test client.

Every reply is held against its lexicon (settings.XRPC_CHECK_OUTPUT). The only thing that is not
real is the network's edge: the PLC directory is a function that accepts everything.
"""

import pytest

from hosting.tenancy import routing
from tests.api import network
from tests.api.clients import Api, Person, sign_up


@pytest.fixture(autouse=True)
def answers_are_checked(settings):
    settings.XRPC_CHECK_OUTPUT = True
    routing.forget()  # hosts of the test before


@pytest.fixture(autouse=True)
def directory(monkeypatch, settings):
    """What was posted to the PLC directory (tests.api.network), by URL and in order."""
    settings.VALKEY_URL = ""  # no worker runs here; who waits publishes
    posted = []
    network.stand_in(monkeypatch, posted)
    return posted


@pytest.fixture
def anyone(ash) -> Api:
    """Somebody without credentials, at ash."""
    return Api(ash)


@pytest.fixture
def alice(ash) -> Person:
    """The owner: an account of ash."""
    return sign_up(ash, "alice")


@pytest.fixture
def bob(ash) -> Person:
    """A neighbour: another account of ash."""
    return sign_up(ash, "bobby")


@pytest.fixture
def mallory(birch) -> Person:
    """The outsider: an account of another tenant's host."""
    return sign_up(birch, "mallory")
