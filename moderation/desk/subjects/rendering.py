"""A record as people see it: its text with what the facets link to, its images, what it quotes.

Source: app.bsky.feed.post and app.bsky.actor.profile; other records show their texts. The values
are strangers': nothing in them is trusted to have its type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from protocol import cbor, cid
from protocol.syntax import AtUri, InvalidSyntax
from repos.blobs.types import declared_types

SHOWN_CHARS_MAX: Final = 10_000
_FACETS_MAX: Final = 100
_FIELDS_MAX: Final = 30
_TEXTS: Final = ("displayName", "description", "title", "name", "text")


@dataclass(frozen=True)
class Piece:
    """A part of a text; `leads_to` is what a reader gets by following it."""

    text: str
    leads_to: str = ""


@dataclass(frozen=True)
class Picture:
    """A blob that the record names. `alt` is its author's description."""

    link: str
    mime_type: str
    alt: str = ""


@dataclass(frozen=True)
class Shown:
    """What is shown of a record."""

    pieces: list[Piece] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    quoted: str = ""  # an at-URI
    reply_to: str = ""  # an at-URI
    link: str = ""  # of a preview card


def of_block(block: bytes) -> Shown:
    """What a reader sees of a record's DAG-CBOR."""
    try:
        value = _mapping(cbor.decode(block))
    except cbor.CborError:  # stored before there was a bound on what a record holds
        value = {}
    text = _text(value.get("text"))
    embed = _mapping(value.get("embed"))
    return Shown(
        pieces=list(_pieces(text, value.get("facets"))) if text else [],
        fields=[(name, _text(value.get(name))) for name in _TEXTS[:-1] if _text(value.get(name))],
        pictures=_pictures(block, value),
        quoted=_quoted(embed),
        reply_to=_text(_mapping(_mapping(value.get("reply")).get("parent")).get("uri")),
        link=_text(_mapping(embed.get("external")).get("uri")),
    )


def is_record_uri(uri: str) -> bool:
    """Whether this names a record."""
    try:
        return bool(AtUri.parse(uri).rkey)
    except InvalidSyntax:
        return False


def _pieces(text: str, facets: object) -> Iterator[Piece]:
    """The text cut where facets begin and end; byte ranges that overlap or split a letter count as
    nothing."""
    data, at = text.encode(), 0
    for start, end, leads_to in sorted(_ranges(facets)):
        if not at <= start < end <= len(data):
            continue
        before, within = data[at:start], data[start:end]
        try:
            pieces = Piece(before.decode()), Piece(within.decode(), leads_to)
        except UnicodeDecodeError:
            continue
        yield from (piece for piece in pieces if piece.text)
        at = end
    yield Piece(data[at:].decode(errors="replace"))


def _ranges(facets: object) -> Iterator[tuple[int, int, str]]:
    for facet in (facets if isinstance(facets, list) else [])[:_FACETS_MAX]:
        index = _mapping(_mapping(facet).get("index"))
        start, end = index.get("byteStart"), index.get("byteEnd")
        features = _mapping(facet).get("features")
        for each in features[:1] if isinstance(features, list) else []:
            feature = _mapping(each)
            targets = (_text(feature.get(name)) for name in ("uri", "did", "tag"))
            leads_to = next(filter(None, targets), "")
            if type(start) is int and type(end) is int and leads_to:
                yield start, end, leads_to


def _pictures(block: bytes, value: Mapping[str, Any]) -> list[Picture]:
    alts = dict(_alts(_mapping(value.get("embed"))))
    named = declared_types.named_in(block)
    found = ((cid.to_text(each), declared) for each, declared in named.items())
    return [Picture(link, _text(declared), alts.get(link, "")) for link, declared in found]


def _alts(embed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    media = _mapping(embed.get("media")) or embed
    video = _mapping(media.get("video")).get("ref")
    if isinstance(video, cbor.Link):
        yield cid.to_text(video.cid_bytes), _text(media.get("alt"))
    images = media.get("images")
    for each in images[:_FIELDS_MAX] if isinstance(images, list) else []:
        image = _mapping(each)
        ref = _mapping(image.get("image")).get("ref")
        if isinstance(ref, cbor.Link):
            yield cid.to_text(ref.cid_bytes), _text(image.get("alt"))


def _quoted(embed: Mapping[str, Any]) -> str:
    record = _mapping(embed.get("record"))
    return _text(record.get("uri")) or _text(_mapping(record.get("record")).get("uri"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value[:SHOWN_CHARS_MAX] if isinstance(value, str) else ""
