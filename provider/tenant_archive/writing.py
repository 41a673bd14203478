"""An archive written, and gone on with by the next writer.

Being written it is called `FILE.part`. A writer that was killed leaves whole members and perhaps
the beginning of one, which the next writer cuts off before it goes on. The digests are taken from
the file when all is there, so what was written before a crash is covered like the rest.
"""

import fcntl
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from protocol.errors import XrpcError
from provider.tenant_archive.container import (
    DIGESTS,
    MANIFEST,
    digest_line,
    forget_members,
    manifest_of,
    next_member,
)
from server.storage.temporary_files import TemporaryFile


class BeingWritten(XrpcError):
    """409: another process writes this archive."""

    name = "JobUnderway"
    status = 409
    message = "This archive is being written already."


class Writer:
    """Writes an archive, going on with what is there. `names`: the members that are there."""

    def __init__(self, path: Path) -> None:
        """Raises BeingWritten."""
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._part.touch(mode=0o600)
        self._file = self._part.open("r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise BeingWritten from None
        self.names, end = _whole_members(self._file)
        self._file.truncate(end)
        self._file.seek(end)
        self._tar = tarfile.open(fileobj=self._file, mode="w:", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """One member, unless it is there already; its bytes wait on disk until all are known."""
        if name in self.names:
            return
        with TemporaryFile() as waiting:
            for piece in pieces:
                waiting.write(piece)
            self.add_file(name, waiting, waiting.tell())

    def add_file(self, name: str, file: IO[bytes], size: int) -> None:
        """The same from a file of known size, which is read from its beginning."""
        if name in self.names:
            return
        file.seek(0)
        about = tarfile.TarInfo(name)
        about.size, about.mode = size, 0o600
        self._tar.addfile(about, file)
        forget_members(self._tar)
        self._file.flush()
        self.names.add(name)

    def manifest(self) -> dict[str, Any] | None:
        """What a killed writer began with."""
        if MANIFEST not in self.names:
            return None
        with tarfile.open(self._part, "r:") as tar:
            return manifest_of(tar, tar.next())

    def begin_anew(self) -> None:
        """Drop all that is there."""
        self.names.clear()
        self._file.seek(0)
        self._file.truncate()
        self._tar = tarfile.open(fileobj=self._file, mode="w:", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def finish(self) -> None:
        """Add the digests and give the file its name."""
        self.names.discard(DIGESTS)
        self._file.flush()
        self.add(DIGESTS, self._digest_lines())
        self._tar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def close(self) -> None:
        """Leave it as it is, to be gone on with."""
        self._file.close()

    def _digest_lines(self) -> Iterator[bytes]:
        with tarfile.open(self._part, "r:") as tar:
            while (member := next_member(tar)) is not None:
                yield digest_line(tar, member)


def _whole_members(file: IO[bytes]) -> tuple[set[str], int]:
    """The names of the members that are all there, and where the last one ends."""
    size, names, end = os.fstat(file.fileno()).st_size, set[str](), 0
    if size == 0:
        return names, 0
    with suppress(tarfile.TarError, EOFError), tarfile.open(fileobj=file, mode="r:") as tar:
        while (member := next_member(tar)) is not None:
            blocks, rest = divmod(member.size, tarfile.BLOCKSIZE)
            after = member.offset_data + (blocks + bool(rest)) * tarfile.BLOCKSIZE
            if after > size:
                break
            names.add(member.name)
            end = after
    return names, end
