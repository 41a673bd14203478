"""What an upload is said to be: bytes that are sure, a declaration that may be true, a guess."""

import io

import pytest

from repos.blobs.types import mime_types

REST = bytes(range(1, 256))
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")


def ftyp(brand: str, *compatible: str, size: int | None = None) -> bytes:
    body = brand.encode() + bytes(4) + "".join(compatible).encode()
    return (size or len(body) + 8).to_bytes(4, "big") + b"ftyp" + body


def ebml(document_type: str, *codecs: str) -> bytes:
    name = document_type.encode()
    tracks = b"".join(b"\x86" + bytes([0x80 | len(codec)]) + codec.encode() for codec in codecs)
    head = bytes.fromhex("4286810142f7810142f2810442f38108")
    return b"\x1aE\xdf\xa3\x9f" + head + b"B\x82" + bytes([0x80 | len(name)]) + name + tracks


def ogg(mark: bytes) -> bytes:
    return b"OggS\0\2" + bytes(20) + b"\1\x13" + mark


def riff(form: bytes, kind: bytes = b"RIFF") -> bytes:
    return kind + b"\x24\1\0\0" + form


SURE = [  # however they are declared
    (b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1", "image/jpeg"),
    (b"\xff\xd8\xff\xe1\x00\x10Exif\0\0", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (riff(b"WEBPVP8 "), "image/webp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (ftyp("isom", "iso2", "mp41"), "video/mp4"),
    (ftyp("mp42", "isom"), "video/mp4"),
    (ftyp("iso5", "dash"), "video/mp4"),
    (ftyp("M4A ", "isomiso2"), "audio/mp4"),
    (ftyp("avif", "mif1miaf"), "image/avif"),
    (ftyp("avis", "msf1"), "image/avif"),
    (ftyp("heic", "mif1"), "image/heic"),
    (ftyp("hevc", "msf1"), "image/heic-sequence"),
    (ftyp("mif1", "heic"), "image/heif"),
    (ftyp("qt  ", size=20), "video/quicktime"),
    (ftyp("3gp4", "isom"), "video/3gpp"),
    (ftyp("3g2a"), "video/3gpp2"),
    (ftyp("M4V "), "video/x-m4v"),
    (ftyp("XAVC", "mp42iso2"), "video/mp4"),
    (ftyp("isom", size=0x1C), "video/mp4"),
    (ebml("webm", "V_VP9", "A_OPUS"), "video/webm"),
    (ebml("webm", "A_OPUS"), "audio/webm"),
    (ebml("webm"), "video/webm"),
    (ebml("matroska", "V_MPEG4/ISO/AVC"), "video/x-matroska"),
    (ogg(b"OpusHead"), "audio/ogg"),
    (ogg(b"\x80theora") + ogg(b"\x01vorbis"), "video/ogg"),
    (ASF, "video/x-ms-wmv"),
    (riff(b"WAVEfmt "), "audio/wav"),
    (riff(b"AVI LIST"), "video/x-msvideo"),
    (b"ID3\3\0", "audio/mpeg"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
]
MAY_BE = [
    (ftyp("M4A ", "M4A isomiso2", size=0x1C), "audio/mp4 audio/x-m4a audio/m4a video/mp4"),
    (ftyp("avif", "avifmif1miaf", size=0x1C), "image/avif image/heif"),
    (ftyp("heic", "mif1", size=0x18), "image/heic image/heif"),
    (ftyp("msf1", "hevc"), "image/heic-sequence image/heif-sequence image/avif"),
    (ftyp("isom"), "audio/mp4 video/quicktime video/x-m4v application/mp4 audio/aac video/3gpp"),
    (ftyp("mp42"), "audio/mp4 audio/x-m4a audio/x-m4b video/mp4 video/x-m4v"),
    (ftyp("qt  "), "video/mp4 audio/mp4 video/quicktime"),
    (ftyp("3gp5"), "audio/3gpp video/3gpp audio/mp4"),
    (ftyp("zzzz"), "video/mp4 audio/mp4 video/x-ignore_progress-of"),
    (b"\0\0\2\0moov", "video/quicktime video/mp4"),
    (ebml("webm", "V_VP8"), "audio/webm video/webm video/x-matroska"),
    (ebml("matroska"), "video/x-matroska audio/x-matroska video/matroska video/webm"),
    (ogg(b"OpusHead"), "audio/ogg audio/opus video/ogg application/ogg"),
    (ogg(b"\x7fFLAC"), "audio/ogg audio/flac"),
    (ASF, "video/x-ms-wmv audio/x-ms-wma video/x-ms-asf application/vnd.ms-asf"),
    (riff(b"WAVE"), "audio/wav audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav"),
    (riff(b"WAVE", b"RF64"), "audio/wav audio/x-wav"),
    (riff(b"AVI "), "video/avi video/x-msvideo video/vnd.avi video/msvideo"),
    (riff(b"sfbk"), "audio/x-soundfont"),
    (b"\xff\xd8\xff\xe0", "image/jpeg image/jpg image/pjpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png image/apng image/x-png"),
    (b"ID3\4\0", "audio/mpeg audio/mp3 audio/x-mp3 audio/aac audio/x-mpeg-3"),
    (b"\xff\xfb\x90\x44", "audio/mpeg audio/mp3"),
    (b"\xff\xf1\x50\x80", "audio/aac audio/x-aac audio/aacp"),
    (b"fLaC", "audio/flac audio/x-flac"),
    (b"MThd\0\0\0\6", "audio/midi audio/x-midi audio/mid"),
    (b"FORM\0\0\0\x20AIFF", "audio/aiff audio/x-aiff"),
    (b"II*\0\x10\0\0\0CR\2", "image/tiff image/x-canon-cr2 image/x-adobe-dng"),
    (b"\0\0\1\xba", "video/mpeg video/mp2p"),
    (b"PK\3\4\x14\0", "application/epub+zip application/zip application/x-zip"),
    (b"PK\3\4\x14\0\6\0[Content_Types].xml",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"\x1f\x8b\x08", "application/gzip application/x-gzip application/x-tgz"),
    (b"<?xml version='1.0'?><svg xmlns=", "image/svg+xml application/xml text/xml"),
    (b"#EXTM3U\n", "application/vnd.apple.mpegurl audio/x-mpegurl"),
    (b"%PDF-1.5", "application/pdf application/illustrator"),
    (b'{"v":1}', "application/json application/ld+json text/plain"),
    (b"plain words", "text/plain text/markdown text/csv"),
    (b".RMF\0\0\0\x12", "audio/x-pn-realaudio video/vnd.rn-realvideo"),
]  # fmt: skip


def typed(head: bytes, declared: str | None) -> str:
    return mime_types.type_of(io.BytesIO(head + REST), declared)


@pytest.mark.parametrize(("head", "expected"), SURE)
@pytest.mark.parametrize("declared", [None, "*/*", "application/octet-stream", "text/plain"])
def test_bytes_that_are_sure_need_no_declaration(head: bytes, expected: str, declared) -> None:
    assert typed(head, declared) == expected


@pytest.mark.parametrize(("head", "expected"), SURE)
def test_bytes_that_are_sure_contradict_what_cannot_be(head: bytes, expected: str) -> None:
    wrong = "audio/ogg" if expected.startswith("image/") else "image/bmp"
    assert typed(head, wrong) == expected


@pytest.mark.parametrize(
    ("head", "declared"), [(head, each) for head, types in MAY_BE for each in types.split()]
)
def test_a_declaration_that_may_be_true_stands(head: bytes, declared: str) -> None:
    assert typed(head, f"{declared.title()}; codecs=x") == declared


@pytest.mark.parametrize("vague", ["*/*", "image/*", "binary/octet-stream", "", "nonsense", None])
def test_others_tables_are_asked_where_nothing_was_declared(vague: str | None) -> None:
    assert typed(b"8BPS\0\1", vague) == "image/vnd.adobe.photoshop"


def test_others_tables_may_contradict_a_picture_that_is_a_sound() -> None:
    assert typed(b"wvpk", "image/png") == "audio/x-wavpack"
    assert typed(b"wvpk", "audio/x-wavpack-correction") == "audio/x-wavpack-correction"


@pytest.mark.parametrize("head", [b"", b"GIF88a", b"\xff\xd8", b"plain words"])
def test_what_is_no_medium_is_what_was_declared(head: bytes) -> None:
    assert mime_types.type_of(io.BytesIO(head), "text/plain; charset=utf-8") == "text/plain"
