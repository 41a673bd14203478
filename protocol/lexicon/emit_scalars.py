"""Generated code for schemas that hold no others: booleans, integers, strings, bytes, links, blobs.

Spec: atproto.com/specs/lexicon, "Field Type Definitions".
"""

from collections.abc import Callable, Mapping
from typing import Final

from protocol.lexicon.leaves import FORMATS
from protocol.lexicon.source import INT64, Emitter, Schema, Spot

Emit = Callable[[Emitter, Schema, Spot], None]


def emit_boolean(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """Type and const of a boolean."""
    emitter.refuse(at, f"type({at.variable}) is not bool", "must be a boolean")
    if "const" in schema:
        wanted = schema["const"]
        message = f"must be {str(wanted).lower()}"
        emitter.refuse(at, f"{at.variable} is not {wanted!r}", message)


def emit_integer(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """Type and bounds of an integer; a boolean is none, though Python would say so."""
    emitter.refuse(at, f"type({at.variable}) is not int", "must be an integer")
    if emitter.is_for_input:
        condition = f"not {INT64.start} <= {at.variable} < {INT64.stop}"
        emitter.refuse(at, condition, "must be an integer of 64 bits")
    emit_choices(emitter, schema, at)
    if "maximum" in schema:
        most = schema["maximum"]
        emitter.refuse(at, f"{at.variable} > {most!r}", f"can not be greater than {most}")
    if "minimum" in schema:
        least = schema["minimum"]
        emitter.refuse(at, f"{at.variable} < {least!r}", f"can not be less than {least}")


def emit_choices(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """`const` and `enum` of strings and integers."""
    if "const" in schema:
        wanted = schema["const"]
        emitter.refuse(at, f"{at.variable} != {wanted!r}", f"must be {wanted}")
    if "enum" in schema:
        allowed = tuple(schema["enum"])
        names = "|".join(str(choice) for choice in allowed)
        emitter.refuse(at, f"{at.variable} not in {allowed!r}", f"must be one of ({names})")


def emit_string(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """Type, choices, lengths and format of a string."""
    emitter.refuse(at, f"type({at.variable}) is not str", "must be a string")
    emit_choices(emitter, schema, at)
    emit_string_lengths(emitter, schema, at)
    if schema.get("format") in FORMATS:
        predicate, _, message = FORMATS[schema["format"]]
        emitter.refuse(at, f"not {predicate}({at.variable})", message)
    elif emitter.is_for_input:  # no format that we check has NUL, and no text column takes it
        emitter.refuse(at, f"'\\0' in {at.variable}", "must not contain the NUL character")


def emit_string_lengths(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """Lengths in UTF-8 bytes and in graphemes, counted only when len() leaves it open.

    A code point takes one to four bytes, and a grapheme one code point or more.
    """
    text = at.variable
    if "maxLength" in schema:
        most = schema["maxLength"]
        condition = f"len({text}) * 4 > {most!r} and utf8_length({text}) > {most!r}"
        emitter.refuse(at, condition, f"must not be longer than {most} bytes")
    if "minLength" in schema:
        least = schema["minLength"]
        condition = f"len({text}) < {least!r} and utf8_length({text}) < {least!r}"
        emitter.refuse(at, condition, f"must not be shorter than {least} bytes")
    if "maxGraphemes" in schema:
        most = schema["maxGraphemes"]
        condition = f"len({text}) > {most!r} and grapheme_count({text}) > {most!r}"
        emitter.refuse(at, condition, f"must not be longer than {most} graphemes")
    if "minGraphemes" in schema:
        least = schema["minGraphemes"]
        condition = f"grapheme_count({text}) < {least!r}"
        emitter.refuse(at, condition, f"must not be shorter than {least} graphemes")


def emit_token(emitter: Emitter, _schema: Schema, at: Spot) -> None:
    """A token is a name and holds nothing; where one is a value, it is that name."""
    emitter.refuse(at, f"type({at.variable}) is not str", "must be a token")


def emit_bytes(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """A byte array and its bounds."""
    bounds = f"{schema.get('minLength')!r}, {schema.get('maxLength')!r}"
    emitter.write(at.indent, f"check_bytes({at.variable}, {at.path}, {bounds})")


def emit_link(emitter: Emitter, _schema: Schema, at: Spot) -> None:
    """A cid-link."""
    emitter.write(at.indent, f"check_link({at.variable}, {at.path})")


def emit_blob(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """A blob, the types it may have and its size in bytes."""
    accept = tuple(schema["accept"]) if "accept" in schema else None
    limits = f"{accept!r}, {schema.get('maxSize')!r}"
    emitter.write(at.indent, f"check_blob({at.variable}, {at.path}, {limits})")


def emit_unknown(emitter: Emitter, _schema: Schema, at: Spot) -> None:
    """Any object."""
    emitter.write(at.indent, f"check_unknown({at.variable}, {at.path})")


SCALARS: Final[Mapping[str, Emit]] = {
    "blob": emit_blob,
    "boolean": emit_boolean,
    "bytes": emit_bytes,
    "cid-link": emit_link,
    "integer": emit_integer,
    "string": emit_string,
    "token": emit_token,
    "unknown": emit_unknown,
}
