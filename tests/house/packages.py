"""The packages that house tests look at: every module of ours, without tests and migrations."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "protocol",
    "server",
    "hosting",
    "accounts",
    "repos",
    "moderation",
    "provider",
    "relay",
    "xrpc",
)


def modules(package: str) -> list[Path]:
    """The Python files of a package."""
    files = (ROOT / package).rglob("*.py")
    return sorted(file for file in files if "migrations" not in file.parts)


def shown(file: Path) -> str:
    """A path as a reader of the failure wants it."""
    return str(file.relative_to(ROOT))
