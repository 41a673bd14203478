"""The file: a tar whose first member is the manifest and whose last names the digest of each other.

Being written it is called `FILE.part`. A writer that was killed leaves whole members and perhaps
the beginning of one, which the next writer cuts off before it goes on. The digests are taken from
the file when all is there, so what was written before a crash is covered like the rest.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import IO, Any, Final

import orjson

from protocol.errors import InvalidRequest
from protocol.untrusted_input import bounded_json
from server.storage.temporary_files import TemporaryFile

MANIFEST: Final = "manifest.json"
DIGESTS: Final = "digests.jsonl"
_PIECE_BYTES: Final = 262_144
_LINE_MAX_BYTES: Final = 64 * 1024 * 1024
_MANIFEST_MAX_BYTES: Final = 1_000_000


class BrokenArchive(InvalidRequest):
    """400: the file is no archive, is not whole, or was altered."""


class Writer:
    """Writes an archive, going on with what is there. `names`: the members that are there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._part.touch(mode=0o600)
        self._file = self._part.open("r+b")
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
        self._file.flush()
        self.names.add(name)

    def manifest(self) -> dict[str, Any] | None:
        """What a killed writer began with."""
        if MANIFEST not in self.names:
            return None
        with tarfile.open(self._part, "r:") as tar:
            return _manifest(tar, tar.next())

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
        with tarfile.open(self._part, "r:") as tar:
            lines = [_digest_line(tar, member) for member in tar]
        self.add(DIGESTS, lines)
        self._tar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def close(self) -> None:
        """Leave it as it is, to be gone on with."""
        self._file.close()


class Reader:
    """Reads an archive that was finished."""

    def __init__(self, path: Path) -> None:
        """Raises BrokenArchive, FileNotFoundError."""
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115
            self.manifest = _manifest(self._tar, self._tar.next())
        except tarfile.TarError as fault:
            raise BrokenArchive("The file is no archive of a tenant.") from fault

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def check(self) -> None:
        """Read all of it against its digests. Raises BrokenArchive."""
        seen = hashlib.sha256()
        with suppress(tarfile.TarError):
            for member in self._tar:
                if not _is_plain(member):
                    break
                if member.name == DIGESTS:
                    if _sha256(self._tar, member) != seen.digest():
                        break
                    return
                seen.update(_digest_line(self._tar, member))
        raise BrokenArchive("The archive is not whole, or was altered: a digest differs.")

    def names(self, beginning: str) -> list[str]:
        """The members whose names begin so, in their order."""
        return [name for name in self._members if name.startswith(beginning)]

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of a member, each a JSON object; none of one that is not there. Raises
        BrokenArchive."""
        if name in self._members:
            file = self.file(name)
            while line := file.readline(_LINE_MAX_BYTES):
                yield _row(line)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member's bytes. Raises BrokenArchive."""
        file = self.file(name)
        while piece := file.read(_PIECE_BYTES):
            yield piece

    def file(self, name: str) -> IO[bytes]:
        """A member as a file. Raises BrokenArchive."""
        member = self._members.get(name)
        found = self._tar.extractfile(member) if member is not None and _is_plain(member) else None
        if found is None:
            raise BrokenArchive(f"The archive lacks {name}.")
        return found

    @cached_property
    def _members(self) -> dict[str, tarfile.TarInfo]:
        """Those that have a digest, by name: tarfile goes through all of them for each look-up."""
        with_digest = takewhile(lambda member: member.name != DIGESTS, self._tar)
        return {member.name: member for member in with_digest}


def _whole_members(file: IO[bytes]) -> tuple[set[str], int]:
    """The names of the members that are all there, and where the last one ends."""
    size, names, end = os.fstat(file.fileno()).st_size, set[str](), 0
    if size == 0:
        return names, 0
    with suppress(tarfile.TarError, EOFError), tarfile.open(fileobj=file, mode="r:") as tar:
        while (member := tar.next()) is not None:
            blocks, rest = divmod(member.size, tarfile.BLOCKSIZE)
            after = member.offset_data + (blocks + bool(rest)) * tarfile.BLOCKSIZE
            if after > size:
                break
            names.add(member.name)
            end = after
    return names, end


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict[str, Any]:
    file = None if member is None or member.name != MANIFEST else tar.extractfile(member)
    if file is None:
        raise BrokenArchive("The file is no archive of a tenant.")
    try:
        found = bounded_json.loads(file.read(_MANIFEST_MAX_BYTES))
    except ValueError as fault:
        raise BrokenArchive("The archive's manifest cannot be read.") from fault
    if not isinstance(found, dict):
        raise BrokenArchive("The archive's manifest cannot be read.")
    return found


def _is_plain(member: tarfile.TarInfo) -> bool:
    """Whether it is a file whose bytes are all there: no link (perhaps to itself), and none with
    holes, by which a short archive holds bytes without end."""
    return member.isreg() and not member.issparse() and member.size >= 0


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)  # noqa: TID251 - its digest is right; rows are large
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise BrokenArchive("A row of the archive cannot be read.")
    return row


def _digest_line(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    digest = _sha256(tar, member).hex()
    return orjson.dumps({"name": member.name, "size": member.size, "sha256": digest}) + b"\n"


def _sha256(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    digest, file = hashlib.sha256(), tar.extractfile(member)
    while file is not None and (piece := file.read(_PIECE_BYTES)):
        digest.update(piece)
    return digest.digest()
