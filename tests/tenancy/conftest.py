"""The people of the API tests, at two tenants."""

from tests.api.conftest import _checked, alice, bob, directory, mallory

__all__ = ["_checked", "alice", "bob", "directory", "mallory"]
