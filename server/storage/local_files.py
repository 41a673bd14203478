"""Durable storage on the local disk: a power cut takes back nothing that was acknowledged.

A file is there for good once its bytes, its name in the folder, and the folder's own name in the
one above are on the disk: fsync(2) says that the last two need syncs of their own.
"""

import os
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class DurableFiles(FileSystemStorage):
    """Django's files, on the disk by the time that `save` returns."""

    def _save(self, name: str, content: "File[bytes]") -> str:
        stored_as = str(super()._save(name, content))  # type: ignore[misc]  # not in the stubs
        root = Path(self.location)
        path = Path(self.path(stored_as))
        _sync(path)
        # All of them: another upload may have made one a moment ago and not have synced it yet.
        # One that did not change costs microseconds.
        while path != root:
            path = path.parent
            _sync(path)
        return stored_as


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
