"""Query strings as typed parameters: text to integers, booleans and arrays, then the checks.

As `@atproto/lex-schema` does it: an empty value counts as absent, integers are decimal digits,
booleans `true` or `false`, arrays repeat the name, defaults fill in, unknown names are ignored; a
name that takes one value must not be repeated. Spec: atproto.com/specs/xrpc, "Parameters".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from protocol.lexicon.emit import emit_array, emit_schema
from protocol.lexicon.errors import DocumentError, fail
from protocol.lexicon.source import Emitter, Schema, Spot

Multi = Mapping[str, Sequence[str]]
Parse = Callable[[Multi], dict[str, Any]]

# At most sixteen digits: what JSON numbers carry without loss, 2^53-1, has no more.
INTEGER = re.compile(r"-?[0-9]{1,16}")
BOOLEANS: Final = {"true": True, "false": False}


def to_integer(text: str, name: str) -> int:
    """Decimal text as an integer."""
    if not INTEGER.fullmatch(text):
        fail(name, "must be an integer")
    return int(text)


def to_boolean(text: str, name: str) -> bool:
    """`true` or `false`."""
    if text not in BOOLEANS:
        fail(name, "must be a boolean")
    return BOOLEANS[text]


def to_string(text: str, _name: str) -> str:
    """Text stays text."""
    return text


def texts_of(multi: Multi, name: str) -> list[str]:
    """The values given for a name, without empty ones."""
    return [text for text in multi.get(name, ()) if text]


def text_of(multi: Multi, name: str) -> str | None:
    """The one value given for a name, or None."""
    values = multi.get(name)
    if not values:
        return None
    if len(values) > 1:
        fail(name, "must not be repeated")
    return values[0] or None


TO_TYPE: Final[Mapping[str, str]] = {
    "boolean": "to_boolean",
    "integer": "to_integer",
    "string": "to_string",
    "unknown": "to_string",
}

CONSTANTS: Final[Mapping[str, object]] = {
    "text_of": text_of,
    "texts_of": texts_of,
    "to_boolean": to_boolean,
    "to_integer": to_integer,
    "to_string": to_string,
}


def emit_parse(emitter: Emitter, schema: Schema) -> str:
    """The source of `parse(multi)`, which returns typed parameters or raises LexiconError."""
    emitter.constants.update(CONSTANTS)
    emitter.write(0, "def parse(multi):")
    emitter.write(1, "params = {}")
    for name, field in schema.get("properties", {}).items():
        emit_parameter(emitter, schema, name, field)
    emitter.write(1, "return params")
    return "\n".join(emitter.lines)


def emit_parameter(emitter: Emitter, schema: Schema, name: str, field: Schema) -> None:
    """One parameter: convert and check when given, else its default, else refuse when required."""
    many = field["type"] == "array"
    kind = field["items"]["type"] if many else field["type"]
    if kind not in TO_TYPE:
        raise DocumentError(emitter.nsid, f"has a parameter of type {kind!r}")
    found = f"texts_of(multi, {name!r})" if many else f"text_of(multi, {name!r})"
    emitter.write(1, f"given = {found}")
    emitter.write(1, "if given:")
    spot = Spot("value", repr(name), 2)
    if many:
        emitter.write(2, f"value = [{TO_TYPE[kind]}(text, {name!r}) for text in given]")
        emit_array(emitter, field, spot)
    else:
        emitter.write(2, f"value = {TO_TYPE[kind]}(given, {name!r})")
        if kind != "unknown":
            emit_schema(emitter, field, spot)
    emitter.write(2, f"params[{name!r}] = value")
    emit_absence(emitter, name, field, is_required=name in schema.get("required", ()))


def emit_absence(emitter: Emitter, name: str, field: Schema, *, is_required: bool) -> None:
    """What an absent parameter comes to."""
    if "default" in field:
        emitter.write(1, f"else: params[{name!r}] = {field['default']!r}")
    elif is_required:
        message = f'must have the property "{name}"'
        emitter.write(1, f"else: fail('Params', {message!r})")
