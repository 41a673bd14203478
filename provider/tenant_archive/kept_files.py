"""Archives that the API and the console make and take: files in the data folder, for some days.

They have no rows: what there is to know of one stands in it. Web processes and workers must share
the folder, as they do that of received CARs (repos.imports.car_file).
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from provider.errors import NoSuchThing
from provider.tenant_archive.container import BrokenArchive
from provider.tenant_archive.reading import Reader
from server.storage import free_space
from server.web.bodies import ranges
from server.web.bodies.ranges import Stored

ID: Final = "[0-9a-f]{32}"
MEDIA_TYPE: Final = "application/x-tar"
MAX_BYTES: Final = 2**40  # of one that is received; the disk's floor is reached before
_PIECE_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptArchive:
    """An archive that is whole: whose, how large, until when it is kept."""

    id: str
    tenant: str
    hosts: list[str]
    size_bytes: int
    made_at: str
    kept_until: datetime


def folder() -> Path:
    """Where they lie."""
    path: Path = settings.DATA_DIR / "tenant-archives"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def new_id() -> str:
    """Of an archive that is to be written."""
    return uuid.uuid4().hex


def path_of(archive_id: str) -> Path:
    """Where one is, or is to be. Raises NoSuchThing for what is no id."""
    if not re.fullmatch(ID, archive_id):
        raise NoSuchThing("There is no such archive.")
    return folder() / f"{archive_id}.tar"


def find(archive_id: str) -> KeptArchive:
    """One that is whole. Raises NoSuchThing, BrokenArchive."""
    path = path_of(archive_id)
    try:
        about = path.stat()
        with Reader(path) as reader:
            manifest: dict[str, Any] = reader.manifest
    except FileNotFoundError:
        raise NoSuchThing("There is no such archive.") from None
    written_at = datetime.fromtimestamp(about.st_mtime, UTC)
    return KeptArchive(
        archive_id,
        str(manifest.get("tenant", "")),
        [str(each) for each in manifest.get("hosts") or ()],
        about.st_size,
        str(manifest.get("made_at", "")),
        written_at + timedelta(days=settings.ARCHIVE_DAYS),
    )


def listed() -> list[KeptArchive]:
    """All that are whole, the newest first."""
    return sorted(_readable(), key=lambda each: each.kept_until, reverse=True)


def answer(request: HttpRequest, archive_id: str) -> HttpResponseBase:
    """One's bytes, from wherever a download broke off. Raises NoSuchThing, BrokenArchive."""
    found = find(archive_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.id}.tar"',
        "Cache-Control": "private, no-store",
    }
    opened = path_of(archive_id).open("rb")
    stored = Stored(opened, found.size_bytes, MEDIA_TYPE, f'"{found.id}"', headers)
    return ranges.respond(request, stored)


def take(file: IO[bytes]) -> KeptArchive:
    """Keep one that was received. Raises BrokenArchive, InsufficientStorage; nothing is left."""
    archive_id = new_id()
    path = path_of(archive_id)
    arriving = path.with_suffix(".arriving")
    try:
        with arriving.open("xb") as copy:
            while piece := file.read(_PIECE_BYTES):
                free_space.check_disk(copy.fileno())
                copy.write(piece)
        with Reader(arriving):  # it says that it is one
            pass
        arriving.rename(path)
    finally:
        arriving.unlink(missing_ok=True)
    return find(archive_id)


def remove(archive_id: str) -> None:
    """Remove one with all that belongs to it. Raises NoSuchThing for what is no id."""
    path = path_of(archive_id)
    for each in path.parent.glob(f"{path.stem}.*"):
        each.unlink(missing_ok=True)


def forget_old() -> None:
    """Hourly: what was written longer ago than archives are kept, whole or not."""
    before = (timezone.now() - timedelta(days=settings.ARCHIVE_DAYS)).timestamp()
    for path in folder().iterdir():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _readable() -> Iterator[KeptArchive]:
    """Not what went a moment ago, and not what cannot be read: it would hide the others."""
    for path in folder().glob("*.tar"):
        with suppress(NoSuchThing, BrokenArchive):
            yield find(path.stem)
