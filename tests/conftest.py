"""Services first, then Django, then the fixtures every package's tests share.

`pytest-django` reads the settings before any conftest when the ini file names them; the settings
read DATABASE_URL. So the ini file does not, and this module does, in the order that works.
"""

import os
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import services

# Before any module's `@given`: no property may fail because another program has the core.
hypothesis.settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy machine")

services.start()
os.environ.setdefault("GROVE_SIGN_UP_MAIL", "off")  # most tests read the e-mail that they caused
os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
django.setup()

from django.core.files.storage import storages  # noqa: E402 - needs django.setup()

from hosting.models import Host  # noqa: E402 - needs django.setup()
from tests import factories, shortcuts  # noqa: E402 - needs django.setup()

shortcuts.take()

# What the first of two test processes runs, in the order of a single one; the other has the rest.
# By measurement they take about as long, all tests, and those that `make test-fast` runs.
_FIRST = frozenset({"browser", "concurrency", "house"})
_FIRST_QUICK = frozenset({"api", "concurrency", "fuzz", "house", "tenancy", "unit/server"})


class ByFolder(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist says no types
    """Parts the tests always alike: none may pass by who happened to run before it."""

    def _split_scope(self, nodeid: str) -> str:
        folders = nodeid.split("/")[1:3]
        is_quick = "not long" in self.config.option.markexpr
        first = _FIRST_QUICK if is_quick else _FIRST
        return "second" if first.isdisjoint({folders[0], "/".join(folders)}) else "first"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """Whatever `--dist` says."""
    return ByFolder(config, log)


def pytest_xdist_setupnodes() -> None:
    """Before the test processes start. Without the settings' name, pytest-django does not read the
    settings there before this module has started their services."""
    services.leave_to_others()
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_finish() -> None:
    """Nothing of what is loaded by now goes away."""
    shortcuts.freeze_loaded()


pytest_plugins = ["tests.plc_server"]  # the fixture `plc`


@pytest.fixture
def real_password_hashes(settings) -> None:
    """Passwords are hashed at the cost that they have outside of tests."""
    settings.PASSWORD_HASHERS = list(shortcuts.REAL_HASHERS)


@pytest.fixture
def ash(db: None) -> Host:
    """The first tenant's host: `localhost`, handles under `.test`."""
    return factories.ash()


@pytest.fixture
def birch(db: None) -> Host:
    """The second tenant's host: `birch.localhost`, handles under `.birch.test`."""
    return factories.birch()


@pytest.fixture
def folder(settings, tmp_path: Path) -> Path:
    """Where this test's blobs lie."""
    backend = {**settings.STORAGES["blobs"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    assert storages["blobs"].location == str(tmp_path)
    return tmp_path
