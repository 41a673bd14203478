"""The version of Grove, as pyproject.toml has it: the one place where it is written."""

import tomllib
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).resolve().parents[1] / "pyproject.toml"
VERSION: Final[str] = tomllib.loads(_PROJECT.read_text())["project"]["version"]
