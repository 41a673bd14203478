"""A folder's picture is its architecture: few entries, and siblings import each other one way."""

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house.packages import PACKAGES, ROOT, modules, shown

ENTRIES_MAX = 15


def folders() -> list[Path]:
    """Every package of the product."""
    return sorted({file.parent for package in PACKAGES for file in modules(package)})


def entries(folder: Path) -> list[str]:
    """What a reader sees in a folder: modules and packages, without `__init__`."""
    inside = (each for each in folder.iterdir() if not each.name.startswith(("__", ".")))
    return sorted(each.name for each in inside if each.is_file() or any(each.rglob("*.py")))


@cache  # each folder above a module asks
def imported(file: Path) -> list[str]:
    """The dotted names that a module imports, each as long as it is written."""
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return found


def sibling_imports(folder: Path) -> dict[str, set[str]]:
    """Which entry of a folder imports which other one, from anywhere inside it."""
    base = ".".join(folder.relative_to(ROOT).parts)
    names = {name.removesuffix(".py") for name in entries(folder)}
    arrows: dict[str, set[str]] = defaultdict(set)
    for file in modules(base.replace(".", "/")):
        own = file.relative_to(folder).parts[0].removesuffix(".py")
        for dotted in imported(file):
            if dotted.startswith(f"{base}."):
                other = dotted.removeprefix(f"{base}.").partition(".")[0]
                if other in names and other != own and own in names:
                    arrows[own].add(other)
    return arrows


@pytest.mark.parametrize("folder", folders(), ids=shown)
def test_a_folder_shows_few_entries(folder: Path) -> None:
    assert len(entries(folder)) <= ENTRIES_MAX, entries(folder)


@pytest.mark.parametrize("folder", folders(), ids=shown)
def test_siblings_import_each_other_one_way(folder: Path) -> None:
    try:
        TopologicalSorter(sibling_imports(folder)).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_a_circle_would_be_noticed() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()
