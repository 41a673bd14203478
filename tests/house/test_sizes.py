"""Walls, not goals: a module over 400 lines or a function over 60 is two things in one place.

Most modules stay between 60 and 150 lines, most functions between 8 and 12.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.packages import PACKAGES, modules, shown

MODULE_LINES = 400
FUNCTION_LINES = 60


def line_count(file: Path) -> int:
    return len(file.read_text().splitlines())


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and its length in lines, signature and docstring included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_longer_than_the_wall(package: str) -> None:
    files = modules(package)
    assert files, f"{package} has no modules: has it moved?"
    assert [shown(file) for file in files if line_count(file) > MODULE_LINES] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_function_is_longer_than_the_wall(package: str) -> None:
    found = [
        f"{shown(file)}: {name}, {length} lines"
        for file in modules(package)
        for name, length in functions(file.read_text())
        if length > FUNCTION_LINES
    ]
    assert found == []


def test_a_long_function_would_be_noticed() -> None:
    body = "".join(f"    a{n} = {n}\n" for n in range(FUNCTION_LINES))
    source = f"class A:\n  async def b():\n{body}"
    assert list(functions(source)) == [("b", FUNCTION_LINES + 1)]
