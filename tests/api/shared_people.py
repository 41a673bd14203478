"""People whom all tests of a module share, for matrices whose every row would pay several sign-ups.

They are made once, in a transaction around the tests of the module. Each test has a savepoint of
its own within it and leaves nothing to the others: TestCase of Django does so with a class. Modules
that want them name them among their own: `alice = shared_people.alice`.
"""

from collections.abc import Iterator

import pytest
from django.test import TestCase, override_settings
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from hosting.models import Host
from hosting.tenancy import routing
from tests import factories
from tests.api import network
from tests.api.clients import Person, sign_up


@pytest.fixture(scope="module")
def shared(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[network.Posted]:
    """The transaction; what was posted to the directory in it."""
    posted: network.Posted = []
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        override_settings(VALKEY_URL=""),
    ):
        routing.forget()  # hosts of the module before
        network.stand_in(patch, posted)
        TestCase.setUpClass()
        yield posted
        TestCase.tearDownClass()
        TestCase.doClassCleanups()


@pytest.fixture(autouse=True)
def directory(
    shared: network.Posted, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> network.Posted:
    """In the place of conftest's: it knows of the people who were there before the test."""
    settings.VALKEY_URL = ""
    posted = [*shared]
    network.stand_in(monkeypatch, posted)
    return posted


@pytest.fixture(scope="module")
def ash(shared: network.Posted) -> Host:
    """The first tenant's host."""
    return factories.ash()


@pytest.fixture(scope="module")
def birch(shared: network.Posted) -> Host:
    """The second tenant's host."""
    return factories.birch()


@pytest.fixture(scope="module")
def alice(ash: Host) -> Person:
    """An account of ash."""
    return sign_up(ash, "alice")


@pytest.fixture(scope="module")
def mallory(birch: Host) -> Person:
    """An account of birch."""
    return sign_up(birch, "mallory")
