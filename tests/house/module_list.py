"""docs/modules.md: every module in a line, the first sentence of its docstring. `make docs`."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.house.packages import PACKAGES, ROOT, modules

_HEAD = """\
# Modules

Every package and module of the product in a line, the first sentence of its docstring. Layers and
the path of a write through them are in [architecture.md](architecture.md); how packages import each
other is drawn in [arrows.svg](arrows.svg).

Made by `make docs`; do not edit.
"""


def render() -> str:
    """The whole document, a section for each package of the stack, from the ground up."""
    return "\n".join([_HEAD, *map(_section, PACKAGES)])


def _section(package: str) -> str:
    rows = "".join(f"| `{name}` | {sentence} |\n" for name, sentence in _rows(package))
    return (
        f"## {package}\n\n{_sentence(ROOT / package / '__init__.py')}\n\n| | |\n|---|---|\n{rows}"
    )


def _rows(package: str) -> Iterator[tuple[str, str]]:
    """Folders with a slash at the end, before what they hold."""
    for file in sorted(
        modules(package), key=lambda each: (each.parent, each.name != "__init__.py")
    ):
        place = file.relative_to(ROOT / package)
        is_folder = file.name == "__init__.py"
        name = f"{place.parent}/" if is_folder else str(place.with_suffix(""))
        if (sentence := _sentence(file)) and name != "./":
            yield name, sentence


def _sentence(file: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    told = " ".join((ast.get_docstring(ast.parse(file.read_text())) or "").split())
    return re.split(r"(?<=[.!?])\s", told)[0].replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
