"""Temporary files for bodies that wait: uploads coming in, long responses going out.

They lie in the data folder, under `temporary/`, and have no name there, so that a process that is
killed leaves none behind. They obey the floor of free disk space (server.storage.free_space). The
supervisor clears the folder, for file systems that know no files without a name.
"""

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from server.storage import free_space

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def folder() -> Path:
    """Where they lie; made when it is not there."""
    path: Path = settings.DATA_DIR / "temporary"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def check_room() -> None:
    """Raise InsufficientStorage below the floor."""
    free_space.check((folder(),))


class TemporaryFile(io.BufferedRandom):
    """One of them, to be written and read; gone when it is closed. `write` and `writelines` look at
    their disk once, and raise InsufficientStorage below the floor."""

    def __init__(self) -> None:
        unnamed = tempfile.TemporaryFile(buffering=0, dir=folder())  # noqa: SIM115 - `close`
        super().__init__(unnamed)

    def write(self, data: "ReadableBuffer", /) -> int:
        free_space.check_disk(self.fileno())
        return super().write(data)

    def writelines(self, lines: Iterable["ReadableBuffer"], /) -> None:
        free_space.check_disk(self.fileno())
        for line in lines:
            super().write(line)
