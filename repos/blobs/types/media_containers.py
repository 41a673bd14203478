"""Detection of media containers: what a file's first bytes say for certain.

Sources: ISO/IEC 14496-12 and mp4ra.org (brands of `ftyp`), RFC 8794 and RFC 9559 (EBML, Matroska),
RFC 5334 (Ogg), RFC 2361 (RIFF), RFC 3003 and id3.org (MP3), RFC 8118 (PDF), TIFF 6.0.
A container does not tell sound from film, nor one name of a type from another, so each comes with
the types that are as true of it as the one we would guess.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """`guess` is the type of a file of which nothing else is known. `others` are equally possible,
    written without `x-` and `vnd.`; `audio/` means every type that begins so."""

    guess: str
    others: frozenset[str]

    def may_be(self, mime_type: str) -> bool:
        """Whether a declared type can be true of such a file."""
        bare = _bare(mime_type)
        top = bare.partition("/")[0]
        return bare == _bare(self.guess) or bare in self.others or f"{top}/" in self.others


def _bare(mime_type: str) -> str:
    top, _, name = mime_type.partition("/")
    return f"{top}/{name.removeprefix('x-').removeprefix('vnd.')}"


def _one(guess: str, *others: str) -> Container:
    return Container(guess, frozenset(others))


def _each(guesses: Iterable[str], others: frozenset[str]) -> dict[str, Container]:
    return {guess: Container(guess, others) for guess in guesses}


_STILLS = frozenset({
    "image/avif", "image/avif-sequence", "image/heic", "image/heic-sequence", "image/heif",
    "image/heif-sequence", "image/avci", "image/avcs", "image/canon-cr3",
})  # fmt: skip
_MP4 = frozenset({
    "video/mp4", "audio/mp4", "application/mp4", "video/m4v", "audio/m4a", "audio/m4b", "audio/m4p",
    "audio/m4r", "audio/mp4a-latm", "audio/aac", "audio/aacp", "audio/alac", "video/mpeg4",
    "video/quicktime", "audio/quicktime", "video/3gpp", "audio/3gpp", "video/3gp", "audio/3gp",
    "video/3gpp2", "audio/3gpp2", "video/3g2", "audio/3g2", "video/f4v", "audio/f4a", "video/mj2",
    "video/iso.segment", "audio/iso.segment", "audio/audible.aax", "application/quicktime",
})  # fmt: skip
_EBML = frozenset({
    "video/webm", "audio/webm", "video/matroska", "audio/matroska", "video/matroska-3d",
    "application/matroska", "video/mkv", "audio/mka",
})  # fmt: skip
_OGG = frozenset({
    "audio/ogg", "video/ogg", "application/ogg", "audio/oga", "video/ogv", "audio/opus",
    "audio/opus+ogg", "audio/vorbis", "audio/vorbis+ogg", "audio/flac", "audio/flac+ogg",
    "audio/speex", "audio/speex+ogg", "video/theora", "video/theora+ogg", "application/annodex",
})  # fmt: skip
_ASF = frozenset({
    "video/ms-asf", "application/ms-asf", "video/ms-wmv", "audio/ms-wma", "video/ms-wm",
    "video/asf", "audio/asf", "video/wmv", "audio/wma", "video/ms-wmx", "audio/ms-wax",
})  # fmt: skip
_STILL = _each(["image/avif", "image/heic", "image/heic-sequence", "image/heif",
                "image/heif-sequence", "image/x-canon-cr3"], _STILLS)  # fmt: skip
_FILM = _each(["video/mp4", "audio/mp4", "video/x-m4v", "video/quicktime", "video/3gpp",
               "video/3gpp2", "video/mj2"], _MP4)  # fmt: skip
_BRANDS = {
    b"avif": _STILL["image/avif"],
    b"avis": _STILL["image/avif"],
    b"mif1": _STILL["image/heif"],
    b"mif2": _STILL["image/heif"],
    b"msf1": _STILL["image/heif-sequence"],
    b"crx ": _STILL["image/x-canon-cr3"],
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), _STILL["image/heic"]),
    **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), _STILL["image/heic-sequence"]),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "), _FILM["audio/mp4"]),
    **dict.fromkeys((b"M4V ", b"M4VH", b"M4VP"), _FILM["video/x-m4v"]),
    **dict.fromkeys((b"mjp2", b"mj2s"), _FILM["video/mj2"]),
    b"qt  ": _FILM["video/quicktime"],
    b"f4v ": _FILM["video/mp4"],
    b"F4V ": _FILM["video/mp4"],
    b"dash": _FILM["video/mp4"],
    b"MSNV": _FILM["video/mp4"],
    b"mmp4": _FILM["video/mp4"],
}
_BRAND_FAMILIES = (
    (b"3g2", _FILM["video/3gpp2"]),
    (b"3g", _FILM["video/3gpp"]),
    *((start, _FILM["video/mp4"]) for start in (b"iso", b"mp4", b"avc", b"cmf", b"hvc", b"av01")),
)
_FORMS = {
    b"WEBP": _one("image/webp"),
    b"WAVE": _one("audio/wav", "audio/wave", "audio/pn-wav", "audio/bwf", "audio/s-wav"),
    b"AVI ": _one("video/x-msvideo", "video/avi", "application/troff-msvideo", "video/divx"),
    b"RMID": _one("audio/midi", "audio/mid", "audio/rmi"),
}
_PLAIN = (
    (rb"\xff\xd8\xff", _one("image/jpeg", "image/jpg", "image/pjpeg", "image/jpe", "image/jfif",
                            "image/mpo", "image/jps")),
    (rb"\x89PNG\r\n\x1a\n", _one("image/png", "image/apng", "image/mozilla.apng")),
    (rb"GIF8[79]a", _one("image/gif")),
    (rb"%PDF-", _one("application/pdf", "text/pdf", "image/pdf", "application/illustrator",
                     "application/adobe.illustrator", "application/postscript")),
    (rb"ID3[\x02-\x04]", _one("audio/mpeg", "audio/")),
    (rb"fLaC", _one("audio/flac")),
    (rb"MThd\x00\x00\x00\x06", _one("audio/midi", "audio/")),
    (rb"FORM....AIF[FC]", _one("audio/aiff", "audio/aifc", "sound/aiff")),
    (rb"FLV\x01", _one("video/x-flv", "video/flash-video", "audio/flv")),
    (rb"\x00\x00\x01[\xb3\xba]", _one("video/mpeg", "video/", "audio/mpeg")),
    (rb"II[*+]\x00|MM\x00[*+]", _one("image/tiff", "image/")),
    (rb"\x00\x00\x00\x0cJXL \r\n\x87\n", _one("image/jxl")),
    (rb"\x00\x00\x00\x0cjP  \r\n\x87\n", _one("image/jp2", "image/jpx", "image/jpm", "image/jpf",
                                              "image/jpeg2000", "image/jpeg2000-image",
                                              "video/mj2")),
)  # fmt: skip
_SIGNATURES = tuple((re.compile(head, re.DOTALL), container) for head, container in _PLAIN)
_EBML_HEAD = re.compile(rb"\x1aE\xdf\xa3.{1,80}?B\x82[\x80-\xff](webm|matroska)", re.DOTALL)
_RIFF_HEAD = re.compile(rb"(?:RIFF|RIFX|RF64|BW64).{4}(.{4})", re.DOTALL)
_ASF_HEAD = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_ASF_FILM = b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
_ASF_SOUND = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
_OGG_FILM = (b"\x80theora", b"BBCD\0", b"OVP80")
_OGG_SOUND = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
_CODEC = re.compile(rb"\x86[\x80-\xff]([VA])_[A-Z]")  # Matroska's CodecID


def container_of(head: bytes) -> Container | None:
    """What the first kilobytes of a file are the beginning of; None for what we do not know, be it
    a brand of a container that we do know."""
    for signature, container in _SIGNATURES:
        if signature.match(head):
            return container
    return next(filter(None, (read(head) for read in _READERS)), None)


def _riff(head: bytes) -> Container | None:
    found = _RIFF_HEAD.match(head)
    return _FORMS.get(found[1]) if found else None


def _iso_media(head: bytes) -> Container | None:
    """`ftyp`: the major brand decides; where we do not know it, the first compatible one that we
    do. Files of before brands are QuickTime's."""
    if head[4:8] in {b"moov", b"wide", b"mdat"}:
        return _FILM["video/quicktime"]
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    return next(filter(None, map(_by_brand, brands)), None)


def _by_brand(brand: bytes) -> Container | None:
    if known := _BRANDS.get(brand):
        return known
    return next((found for start, found in _BRAND_FAMILIES if brand.startswith(start)), None)


def _matroska(head: bytes) -> Container | None:
    found = _EBML_HEAD.match(head)
    if found is None:
        return None
    codecs = {codec[1] for codec in _CODEC.finditer(head)}
    top = "audio" if codecs == {b"A"} else "video"
    return Container(f"{top}/{'webm' if found[1] == b'webm' else 'x-matroska'}", _EBML)


def _ogg(head: bytes) -> Container | None:
    if not head.startswith(b"OggS\0"):
        return None
    if any(mark in head for mark in _OGG_FILM):
        return Container("video/ogg", _OGG)
    is_sound = any(mark in head for mark in _OGG_SOUND)
    return Container("audio/ogg" if is_sound else "application/ogg", _OGG)


def _asf(head: bytes) -> Container | None:
    if not head.startswith(_ASF_HEAD):
        return None
    is_sound = _ASF_SOUND in head and _ASF_FILM not in head
    return Container("audio/x-ms-wma" if is_sound else "video/x-ms-wmv", _ASF)


_READERS = (_riff, _iso_media, _matroska, _ogg, _asf)
