"""A module's name says what it holds. Names that could hold anything end up holding everything."""

import re

import pytest

from tests.house.packages import PACKAGES, ROOT, modules, shown

VAGUE = re.compile(r"_*(utils?|helpers?|commons?|services?|managers?|misc)")
WORDS = re.compile(r"_{0,2}[a-z][a-z0-9_]*|[0-9]{4}_[a-z0-9_]+")


def is_vague(name: str) -> bool:
    """Tell whether a name is one of the vague ones, alone or as its last word."""
    return any(VAGUE.fullmatch(word) for word in (name, name.rpartition("_")[2]))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_or_folder_has_a_vague_name(package: str) -> None:
    found = [
        shown(file)
        for file in modules(package)
        if any(is_vague(part) for part in file.relative_to(ROOT).with_suffix("").parts)
    ]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_are_named_in_small_letters(package: str) -> None:
    assert [shown(file) for file in modules(package) if not WORDS.fullmatch(file.stem)] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "blob_utils", "account_manager", "common"])
def test_a_vague_name_would_be_noticed(name: str) -> None:
    assert is_vague(name)


@pytest.mark.parametrize("name", ["commits", "data_model", "servicing", "commonmark", "at_uri"])
def test_a_telling_name_passes(name: str) -> None:
    assert not is_vague(name)
