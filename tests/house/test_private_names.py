"""Tests use what a module offers: no names of the product that begin with an underscore."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.packages import ROOT, shown

OTHERS = {  # of Django, storages and the standard library, which offer nothing better
    "_base_environ", "_constructor_args", "_exit", "_meta", "_raw_delete", "_run", "_state",
}  # fmt: skip
OWN = {"self", "cls"}
PATCHING = {"setattr", "delattr", "setitem", "getattr"}
FILES = [file for file in (ROOT / "tests").rglob("*.py") if "node_modules" not in file.parts]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OTHERS


def private_names(tree: ast.AST) -> Iterator[str]:
    """What a test reads, imports or patches of somebody else's inside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if ast.unparse(node.value) not in OWN:
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from (each.name for each in node.names if is_private(each.name))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in PATCHING:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str) and is_private(text))


@pytest.mark.parametrize("file", sorted(FILES), ids=shown)
def test_a_test_uses_no_private_name(file: Path) -> None:
    assert list(private_names(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    "text", ["heads._known.clear()", "from a import _b", "patch.setattr(heads, '_known', {})"]
)
def test_a_private_name_would_be_noticed(text: str) -> None:
    assert list(private_names(ast.parse(text)))
