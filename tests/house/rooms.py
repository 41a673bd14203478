"""The rooms as house tests see them: every module of ours, without tests and migrations."""

from pathlib import Path

HOUSE = Path(__file__).parents[2]
ROOMS = ("protocol", "server", "hosting", "accounts", "repos", "moderation", "xrpc")


def modules(room: str) -> list[Path]:
    """The Python files of a room."""
    files = (HOUSE / room).rglob("*.py")
    return sorted(file for file in files if "migrations" not in file.parts)


def shown(file: Path) -> str:
    """A path as a reader of the failure wants it."""
    return str(file.relative_to(HOUSE))
