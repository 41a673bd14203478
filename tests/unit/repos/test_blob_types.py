import io

import pytest

from repos import blob_types

COMMON = {
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1": "image/jpeg",
    b"\xff\xd8\xff\xe1\x00\x10Exif\0\0": "image/jpeg",
    b"\xff\xd8\xff\xdb\x00\x43\0": "image/jpeg",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR": "image/png",
    b"RIFF\n\x10\0\0WEBPVP8 ": "image/webp",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@pytest.mark.parametrize("head", COMMON)
def test_a_common_type_is_known_at_once(head: bytes, monkeypatch) -> None:
    monkeypatch.setattr(blob_types.puremagic, "magic_string", None)  # nobody needs it
    assert blob_types.type_of(io.BytesIO(head + bytes(100)), "text/plain") == COMMON[head]


@pytest.mark.parametrize("head", COMMON)
def test_the_library_would_say_the_same_of_a_common_type(head: bytes, monkeypatch) -> None:
    monkeypatch.setattr(blob_types, "_COMMON", ())
    assert blob_types.type_of(io.BytesIO(head + bytes(100)), "text/plain") == COMMON[head]


def test_other_media_are_told_by_the_library() -> None:
    head = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2"
    assert blob_types.type_of(io.BytesIO(head + bytes(100)), None) == "video/mp4"


@pytest.mark.parametrize("head", [b"", b"GIF88a", b"\xff\xd8", b"plain words"])
def test_what_is_no_medium_is_what_was_declared(head: bytes) -> None:
    assert blob_types.type_of(io.BytesIO(head), "text/plain; charset=utf-8") == "text/plain"
