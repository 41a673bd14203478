"""Makefile, CI and package data speak of the same versions of Python."""

import tomllib

import pytest
from packaging.specifiers import SpecifierSet

from tests.house.packages import ROOT

SUPPORTED = ("3.11", "3.12", "3.13")


@pytest.mark.parametrize("version", SUPPORTED)
def test_a_supported_version_is_looked_for_and_tested(version: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"{version}.0" in SpecifierSet(project["requires-python"])
    assert f"python{version}" in (ROOT / "Makefile").read_text()
    assert version in (ROOT / ".ci" / "run").read_text()


def test_no_other_version_is_accepted_untested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    accepted = SpecifierSet(project["requires-python"])
    assert [f"3.{minor}" for minor in range(20) if f"3.{minor}.0" in accepted] == list(SUPPORTED)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "--index-url" not in text
