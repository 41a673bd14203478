"""Secret files made at the first start: `GROVE_DATA/secrets`, for their owner alone.

Imports neither settings nor Django: the supervisor makes them before it loads either. Losing the
key-encryption key loses every wrapped key: docs/operators/backup.md says to back the folder up
apart from the database.
"""

import os
import secrets
from pathlib import Path


def create_missing(data: Path) -> None:
    """Make the secrets folder and whatever is missing in it; keep what is there."""
    folder = data / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    keep_or_write(folder / "django-secret-key", secrets.token_urlsafe(50))
    keep_or_write(folder / "key-encryption-keys", f"k1:{secrets.token_hex(32)}")


def password(data: Path, name: str) -> str:
    """An embedded service's password, generated once, readable by us alone."""
    folder = data / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    return keep_or_write(folder / name, secrets.token_urlsafe(24))


def keep_or_write(file: Path, value: str) -> str:
    """The file's value; written first, mode 0600, when the file is missing."""
    if not file.exists():
        replace(file, value)
    return file.read_text().strip()


def replace(file: Path, value: str) -> None:
    """Write a secret in one step: a kill in between leaves the old value or the new, never half."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(f"{value}\n")
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
