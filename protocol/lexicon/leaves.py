"""Checks that compiled validators call: lengths, formats, bytes, links, blobs, unknown.

Records are checked as decoded CBOR, where a link is `cbor.Link` and bytes are `bytes`; bodies of
methods as parsed JSON, where they are `{"$link": text}` and `{"$bytes": base64}`. The compiled
source is the same for both: it finds these functions by name, in `OF_VALUES` or in `OF_JSON`.
Spec: atproto.com/specs/lexicon and atproto.com/specs/data-model.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import regex

from protocol import cbor, syntax
from protocol.lexicon.errors import BlobSizeError, BlobTypeError, fail

GRAPHEME = regex.compile(r"\X")
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")

# Format -> (name of its predicate in compiled source, predicate, what the refusal says).
FORMATS: Final[Mapping[str, tuple[str, Callable[[str], bool], str]]] = {
    "at-identifier": (
        "is_at_identifier", syntax.is_at_identifier, "must be a valid did or a handle",
    ),
    "at-uri": ("is_at_uri", syntax.is_at_uri, "must be a valid at-uri"),
    "cid": ("is_cid", syntax.is_cid, "must be a cid string"),
    "datetime": (
        "is_datetime", syntax.is_datetime,
        "must be a valid atproto datetime (both RFC-3339 and ISO-8601)",
    ),
    "did": ("is_did", syntax.is_did, "must be a valid did"),
    "handle": ("is_handle", syntax.is_handle, "must be a valid handle"),
    "language": (
        "is_language", syntax.is_language, "must be a well-formed BCP 47 language tag",
    ),
    "nsid": ("is_nsid", syntax.is_nsid, "must be a valid nsid"),
    "record-key": ("is_record_key", syntax.is_record_key, "must be a valid Record Key"),
    "tid": ("is_tid", syntax.is_tid, "must be a valid TID"),
    "uri": ("is_uri", syntax.is_uri, "must be a uri"),
}  # fmt: skip


def utf8_length(text: str) -> int:
    """Length in UTF-8 bytes, which is what maxLength counts. Lone surrogates count three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def grapheme_count(text: str) -> int:
    """Count what a person takes for characters (UAX 29 extended grapheme clusters)."""
    if text.isascii():
        return len(text) - text.count("\r\n")  # the only ASCII pair that is one cluster
    return len(GRAPHEME.findall(text))


def check_size(size: int, path: str, minimum: int | None, maximum: int | None) -> None:
    """Refuse a byte array outside its bounds."""
    if maximum is not None and size > maximum:
        fail(path, f"must not be larger than {maximum} bytes")
    if minimum is not None and size < minimum:
        fail(path, f"must not be smaller than {minimum} bytes")


def check_bytes_value(value: Any, path: str, minimum: int | None, maximum: int | None) -> None:
    """Bytes as CBOR decodes them."""
    if type(value) is not bytes:
        fail(path, "must be a byte array")
    check_size(len(value), path, minimum, maximum)


def check_bytes_json(value: Any, path: str, minimum: int | None, maximum: int | None) -> None:
    """Bytes as JSON writes them: `{"$bytes": base64}`, padding optional."""
    text = value.get("$bytes") if type(value) is dict and len(value) == 1 else None
    if type(text) is not str or not BASE64.fullmatch(text):
        fail(path, "must be a byte array")
    digits = len(text.rstrip("="))
    if digits % 4 == 1:
        fail(path, "must be a byte array")
    check_size(digits * 3 // 4, path, minimum, maximum)


def is_link_value(value: Any) -> bool:
    """Tell whether this is a link as CBOR decodes it."""
    return type(value) is cbor.Link


def is_link_json(value: Any) -> bool:
    """Tell whether this is `{"$link": text}`. Who turns it into a CID parses it strictly."""
    if type(value) is not dict or len(value) != 1:
        return False
    text = value.get("$link")
    return type(text) is str and syntax.is_cid(text)


def check_link_value(value: Any, path: str) -> None:
    """A cid-link in a record."""
    if not is_link_value(value):
        fail(path, "must be a CID")


def check_link_json(value: Any, path: str) -> None:
    """A cid-link in a JSON body."""
    if not is_link_json(value):
        fail(path, "must be a CID")


def check_unknown_value(value: Any, path: str) -> None:
    """`unknown` is any object; a blob is a leaf of the data model, not an object."""
    if type(value) is not dict or value.get("$type") == "blob":
        fail(path, "must be an object")


def check_unknown_json(value: Any, path: str) -> None:
    """As for values; `$link` and `$bytes` spell leaves, not objects."""
    check_unknown_value(value, path)
    if "$link" in value or "$bytes" in value:
        fail(path, "must be an object")


def accepts(patterns: tuple[str, ...], mime_type: str) -> bool:
    """Tell whether a MIME type is among patterns such as `image/*` or `video/mp4`."""
    for pattern in patterns:
        if pattern in ("*/*", mime_type):
            return True
        if pattern.endswith("/*") and mime_type.startswith(pattern[:-1]):
            return True
    return False


def blob_check(is_link: Callable[[Any], bool]) -> Callable[..., None]:
    """Make the blob check for one spelling of links."""

    def check_blob(
        value: Any, path: str, accept: tuple[str, ...] | None, max_size: int | None
    ) -> None:
        if (
            type(value) is not dict
            or value.get("$type") != "blob"
            or not is_link(value.get("ref"))
            or type(value.get("mimeType")) is not str
            or type(value.get("size")) is not int
            or value["size"] < 0
        ):
            fail(path, "should be a blob ref")
        if max_size is not None and value["size"] > max_size:
            raise BlobSizeError(path, f"must not be larger than {max_size} bytes")
        if accept is not None and not accepts(accept, value["mimeType"]):
            allowed = ", ".join(accept)
            raise BlobTypeError(path, f"must be one of ({allowed}), got {value['mimeType']}")

    return check_blob


_SHARED: Final[Mapping[str, object]] = {
    "fail": fail,
    "utf8_length": utf8_length,
    "grapheme_count": grapheme_count,
    **{name: predicate for name, predicate, _ in FORMATS.values()},
}

OF_VALUES: Final[Mapping[str, object]] = {
    **_SHARED,
    "check_bytes": check_bytes_value,
    "check_link": check_link_value,
    "check_blob": blob_check(is_link_value),
    "check_unknown": check_unknown_value,
}

OF_JSON: Final[Mapping[str, object]] = {
    **_SHARED,
    "check_bytes": check_bytes_json,
    "check_link": check_link_json,
    "check_blob": blob_check(is_link_json),
    "check_unknown": check_unknown_json,
}
