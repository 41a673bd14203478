"""What pyproject.toml declares is used: imported by the product, or named here with the reason."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions

from tests.house.packages import PACKAGES, ROOT, modules

NAME = re.compile(r"[\w.-]+")
USED_BY_OTHERS = {
    "argon2-cffi": "Django's Argon2PasswordHasher",
    "packaging": "kombu's redis transport, which does not declare it",
}


def declared() -> set[str]:
    """Names of the distributions that an installation of Grove gets, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["embedded"], *extras["s3"]]
    return {found[0] for each in wanted if (found := NAME.match(each))}


def named_packages() -> set[str]:
    """First parts of what the product imports, and of dotted strings: settings and find_spec."""
    return {
        name.partition(".")[0]
        for package in PACKAGES
        for file in modules(package)
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _names(node)
    }


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def unused() -> set[str]:
    """Declared distributions none of whose packages the product names."""
    named = named_packages()
    used = {
        distribution.lower().replace("_", "-")
        for package, distributions in packages_distributions().items()
        if package in named
        for distribution in distributions
    }
    return {name for name in declared() if name.lower().replace("_", "-") not in used}


def test_every_dependency_is_used_or_has_its_reason() -> None:
    assert len(declared()) > 20
    assert sorted(unused()) == sorted(USED_BY_OTHERS)
