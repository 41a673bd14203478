"""The folder of blobs, as the tests of repos have it."""

from tests.unit.repos.conftest import folder

__all__ = ["folder"]
