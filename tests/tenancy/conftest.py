"""The people of the API tests, at two tenants."""

from tests.api.conftest import alice, answers_are_checked, bob, directory, mallory

__all__ = ["alice", "answers_are_checked", "bob", "directory", "mallory"]
