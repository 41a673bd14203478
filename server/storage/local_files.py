"""Durable storage on the local disk: a power cut takes back nothing that was acknowledged.

A file is there for good once its bytes, its name in the folder, and the folder's own name in the
one above are on the disk: fsync(2) says that the last two need syncs of their own.
"""

import os
from pathlib import Path
from typing import IO, Any, Final

from django.core.files import File
from django.core.files.storage import FileSystemStorage

_WRITTEN_AT_ONCE_BYTES: Final = 1_048_576
_REMEMBERED_MAX: Final = 10_000
# Folders whose names, up to the storage's own, this process has synced: another file in them
# changes nothing above, and nobody removes a folder.
_THERE: Final[set[str]] = set()
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class DurableFiles(FileSystemStorage):
    """Django's files, on the disk by the time that `save` returns.

    Names are new ones of our own making, so nothing is tried out and nothing cleaned. Bytes that
    are all in memory are written by one call: Django's own pieces of 64 kB took twice the CPU time
    of a megabyte.
    """

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:  # noqa: ARG002 - Django's
        """Write a new file; its name. Raises FileExistsError."""
        if name is None:
            raise ValueError("a file of these has a name")
        file = content if isinstance(content, File) else File(content)
        return self._save(name, file)

    def _save(self, name: str, content: "File[bytes]") -> str:
        path = self.path(name)
        folder = path.rpartition(os.sep)[0]
        descriptor = _created(path)
        try:
            if (mode := self.file_permissions_mode) is not None:
                os.fchmod(descriptor, mode)
            for piece in content.chunks(_WRITTEN_AT_ONCE_BYTES):
                _write(descriptor, piece)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync(folder)
        if folder not in _THERE:
            self._sync_above(folder)
        return name

    def _sync_above(self, folder: str) -> None:
        """Have all of a folder's names on the disk, whoever made them: another process may have
        made one a moment ago and not have synced it yet."""
        path = folder
        while path != self.location:
            path = path.rpartition(os.sep)[0]
            _sync(path)
        if len(_THERE) >= _REMEMBERED_MAX:
            _THERE.clear()
        _THERE.add(folder)


def _created(path: str) -> int:
    """A new file, open; most folders are there already."""
    try:
        return os.open(path, _NEW, 0o600)
    except FileNotFoundError:
        folder = Path(path).parent
        _THERE.discard(str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(path, _NEW, 0o600)


def _write(descriptor: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
