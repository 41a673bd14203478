"""The people of the API tests, at two tenants."""

from tests.api.conftest import _checked, alice, directory, mallory

__all__ = ["_checked", "alice", "directory", "mallory"]
