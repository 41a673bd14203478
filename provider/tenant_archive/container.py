"""The file: a tar whose first member is the manifest and whose last names the digest of each other.

What its writer (writing) and its reader (reading) share.
"""

import hashlib
import tarfile
from typing import Any, Final

import orjson
from django.utils.translation import gettext_lazy as _

from protocol.errors import InvalidRequest
from protocol.untrusted_input import bounded_json

MANIFEST: Final = "manifest.json"
DIGESTS: Final = "digests.jsonl"
PIECE_BYTES: Final = 262_144
_MANIFEST_MAX_BYTES: Final = 1_000_000


class BrokenArchive(InvalidRequest):
    """400: the file is no archive, is not whole, or was altered."""

    page_text = _("This file is no archive of a tenant, or it is damaged.")


def next_member(tar: tarfile.TarFile) -> tarfile.TarInfo | None:
    """The next member; None at the end."""
    member = tar.next()
    forget_members(tar)
    return member


def forget_members(tar: Any) -> None:
    """tarfile remembers all that it has read or written: a kilobyte for each file of a tenant."""
    tar.members = []


def manifest_of(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict[str, Any]:
    """What the first member says. Raises BrokenArchive."""
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


def digest_line(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """What the last member says of another."""
    digest = sha256_of(tar, member).hex()
    return orjson.dumps({"name": member.name, "size": member.size, "sha256": digest}) + b"\n"


def sha256_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """The digest of a member's bytes."""
    digest, file = hashlib.sha256(), tar.extractfile(member)
    while file is not None and (piece := file.read(PIECE_BYTES)):
        digest.update(piece)
    return digest.digest()
