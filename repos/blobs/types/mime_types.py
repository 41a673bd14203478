"""MIME types of uploads: what the bytes say for certain, what was declared, what they seem.

Source: atproto.com/specs/blob, com.atproto.repo.uploadBlob: a type by content wins over a declared
one, unless the content tells a container alone and the declared type is one of those that it
may hold (repos.blobs.types.media_containers). Signatures of others' tables, of 3 bytes and more
which do not read as plain words, are asked where nothing was declared, or what cannot be: an image
that is a sound.
"""

import re
from typing import IO, Final

import puremagic

from repos.blobs.types.media_containers import container_of
from server.net import media_types

_NAME = "[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"  # RFC 6838, section 4.2
_TYPE = re.compile(f"{_NAME}/{_NAME}")
_HEAD_BYTES = 4_096  # what sniffing looks at
UNKNOWN_TYPE: Final = "application/octet-stream"
# What clients declare of bytes that they know nothing of.
VAGUE: Final = frozenset({
    UNKNOWN_TYPE, "binary/octet-stream", "application/binary", "application/x-binary",
    "application/unknown", "application/x-unknown", "unknown/unknown", "application/force-download",
    "application/x-download", "application/x-www-form-urlencoded", "multipart/form-data",
})  # fmt: skip
_MEDIA = ("image/", "video/", "audio/", "application/pdf")
_SENSES = {"image": "seen", "video": "played", "audio": "played"}
_SIGNATURE_BYTES = 3
_WORD_BYTES = 4


def type_of(file: IO[bytes], declared_type: str | None) -> str:
    """The MIME type of a seekable file: by content, else as declared, else octets."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    declared = plain(declared_type)
    if container := container_of(head):
        return declared if container.may_be(declared) else container.guess
    if is_vague(declared) or declared.partition("/")[0] in _SENSES:
        seeming = _sniff(head)
        if seeming is not None and (is_vague(declared) or _contradicts(declared, seeming)):
            return seeming
    return declared


def plain(declared_type: str | None) -> str:
    """A Content-Type without its parameters, in lower case; what is none is served as octets."""
    name = media_types.plain(declared_type or "")
    return name if _TYPE.fullmatch(name) else UNKNOWN_TYPE


def is_vague(mime_type: str) -> bool:
    """Whether a type says nothing of the bytes, so that whatever is learned later is better."""
    return mime_type in VAGUE


def _contradicts(declared: str, seeming: str) -> bool:
    """A picture for a sound, or the other way round."""
    senses = {_SENSES.get(mime_type.partition("/")[0]) for mime_type in (declared, seeming)}
    return senses == {"seen", "played"}


def _sniff(head: bytes) -> str | None:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    sure = [match.mime_type for match in matches if _is_sure(match)]
    return str(sure[0]) if sure else None


def _is_sure(match: puremagic.main.PureMagicWithConfidence) -> bool:
    signature, mime_type = bytes(match.byte_match), str(match.mime_type)
    length = _WORD_BYTES if signature.isascii() else _SIGNATURE_BYTES
    is_medium = mime_type.startswith(_MEDIA) and not mime_type.endswith("xml")
    return is_medium and len(signature) >= length
