"""Lexicon schemas as Python source: one straight-line function per definition.

A post with facets, a reply and an image is checked in about ten microseconds this way; walking the
schema for each value takes ten times as long. Names and values from a document reach the source
only through `repr`, so no document can add code. Spec: atproto.com/specs/lexicon.

The functions see `checks` (the validators of all definitions, by `nsid#name`), the functions of
`leaves`, and the constants collected here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.lexicon.errors import DocumentError
from protocol.lexicon.leaves import FORMATS

Schema = Mapping[str, Any]


def full_name(nsid: str, ref: str) -> str:
    """`#def`, `nsid` or `nsid#def`, as written in the document `nsid`, as `nsid#def`."""
    if ref.startswith("#"):
        return nsid + ref
    return ref if "#" in ref else f"{ref}#main"


@dataclass(frozen=True)
class Spot:
    """Where source is being written: the variable looked at, its path (source too), the indent."""

    variable: str
    path: str
    indent: int

    def inner(self) -> "Spot":
        """The same spot, one block further in."""
        return Spot(self.variable, self.path, self.indent + 1)


class Emitter:
    """Collects the source of one function, and the constants it needs."""

    def __init__(self, nsid: str, is_defined: Callable[[str], bool]) -> None:
        self.nsid = nsid
        self.is_defined = is_defined
        self.lines: list[str] = []
        self.constants: dict[str, object] = {}
        self._name_count = 0

    def write(self, indent: int, line: str) -> None:
        """Add one line."""
        self.lines.append(" " * indent + line)

    def refuse(self, at: Spot, condition: str, message: str) -> None:
        """Add: raise LexiconError at this spot when the condition holds."""
        self.write(at.indent, f"if {condition}: fail({at.path}, {message!r})")

    def fresh_name(self, prefix: str) -> str:
        """A variable name not used before in this function."""
        self._name_count += 1
        return f"{prefix}{self._name_count}"

    def schema(self, schema: Schema, at: Spot) -> None:
        """Add the checks of any schema. Raises DocumentError for a type with no values."""
        emit = EMITTERS.get(schema["type"])
        if emit is None:
            raise DocumentError(self.nsid, f"has a field of type {schema['type']!r}")
        emit(self, schema, at)


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


def emit_array(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """An array, its length and each of its items."""
    emitter.refuse(at, f"type({at.variable}) is not list", "must be an array")
    if "maxLength" in schema:
        most = schema["maxLength"]
        message = f"must not have more than {most} elements"
        emitter.refuse(at, f"len({at.variable}) > {most!r}", message)
    if "minLength" in schema:
        least = schema["minLength"]
        message = f"must not have fewer than {least} elements"
        emitter.refuse(at, f"len({at.variable}) < {least!r}", message)
    index, item = emitter.fresh_name("index"), emitter.fresh_name("item")
    emitter.write(at.indent, f"for {index}, {item} in enumerate({at.variable}):")
    emitter.schema(schema["items"], Spot(item, f"{at.path} + '/' + str({index})", at.indent + 1))


def emit_object(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """An object and its known fields. Fields the schema does not name are welcome."""
    emitter.refuse(at, f"type({at.variable}) is not dict", "must be an object")
    properties = schema.get("properties", {})
    for name, field in properties.items():
        emit_field(emitter, schema, name, field, at)
    for name in schema.get("required", ()):
        if name not in properties:
            refuse_missing(emitter, name, at)


def refuse_missing(emitter: Emitter, name: str, at: Spot) -> None:
    """Add: refuse an object without this field."""
    message = f'must have the property "{name}"'
    emitter.refuse(at, f"{name!r} not in {at.variable}", message)


def emit_field(emitter: Emitter, schema: Schema, name: str, field: Schema, at: Spot) -> None:
    """One named field: may be absent unless required, may be null only when nullable."""
    value = emitter.fresh_name("value")
    spot = Spot(value, f"{at.path} + {'/' + name!r}", at.indent)
    if name in schema.get("required", ()):
        refuse_missing(emitter, name, at)
    else:
        emitter.write(spot.indent, f"if {name!r} in {at.variable}:")
        spot = spot.inner()
    emitter.write(spot.indent, f"{value} = {at.variable}[{name!r}]")
    if name in schema.get("nullable", ()):
        emitter.write(spot.indent, f"if {value} is not None:")
        spot = spot.inner()
    emitter.schema(field, spot)


def emit_ref(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """A call of the definition's own function, which is compiled when first called."""
    name = full_name(emitter.nsid, schema["ref"])
    emitter.write(at.indent, f"checks[{name!r}]({at.variable}, {at.path})")


def emit_union(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """A call of the function that `$type` names; other types pass unless the union is closed."""
    members = {}
    for ref in schema["refs"]:
        name = full_name(emitter.nsid, ref)
        if emitter.is_defined(name):
            members[name] = members[name.removesuffix("#main")] = name
    table, kind = emitter.fresh_name("members"), emitter.fresh_name("kind")
    emitter.constants[table] = members
    condition = (
        f"type({at.variable}) is not dict"
        f" or type({kind} := {at.variable}.get('$type')) is not str or not {kind}"
    )
    emitter.refuse(at, condition, 'must be an object which includes the "$type" property')
    emitter.write(at.indent, f"if {kind} in {table}:")
    emitter.write(at.indent + 1, f"checks[{table}[{kind}]]({at.variable}, {at.path})")
    if schema.get("closed"):
        emitter.write(at.indent, "else:")
        message = f"$type must be one of {', '.join(schema['refs'])}"
        emitter.write(at.indent + 1, f"fail({at.path}, {message!r})")


EMITTERS: Final[Mapping[str, Callable[[Emitter, Schema, Spot], None]]] = {
    "array": emit_array,
    "blob": emit_blob,
    "boolean": emit_boolean,
    "bytes": emit_bytes,
    "cid-link": emit_link,
    "integer": emit_integer,
    "object": emit_object,
    "ref": emit_ref,
    "string": emit_string,
    "token": emit_token,
    "union": emit_union,
    "unknown": emit_unknown,
}


def emit_check(emitter: Emitter, schema: Schema) -> str:
    """The source of `check(value, path)`, which returns nothing or raises LexiconError."""
    emitter.write(0, "def check(value, path):")
    emitter.schema(schema, Spot("value", "path", 1))
    return "\n".join(emitter.lines)
