"""The code generator of lexicons: one straight-line Python function per definition.

A post with facets, a reply and an image is checked in about ten microseconds this way; walking the
schema for each value takes ten times as long. Spec: atproto.com/specs/lexicon.

The functions see `checks` (the validators of all definitions, by `nsid#name`), the functions of
`leaves`, and the constants their emitter collected.
"""

from collections.abc import Mapping
from typing import Final

from protocol.lexicon.emit_scalars import SCALARS, Emit
from protocol.lexicon.errors import DocumentError
from protocol.lexicon.source import Emitter, Schema, Spot, full_name


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
    spot = Spot(item, f"{at.path} + '/' + str({index})", at.indent + 1)
    emit_schema(emitter, schema["items"], spot)


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
    emit_schema(emitter, field, spot)


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


EMITTERS: Final[Mapping[str, Emit]] = {
    **SCALARS,
    "array": emit_array,
    "object": emit_object,
    "ref": emit_ref,
    "union": emit_union,
}


def emit_schema(emitter: Emitter, schema: Schema, at: Spot) -> None:
    """Add the checks of any schema. Raises DocumentError for a type that has no values."""
    emit = EMITTERS.get(schema["type"])
    if emit is None:
        raise DocumentError(emitter.nsid, f"has a field of type {schema['type']!r}")
    emit(emitter, schema, at)


def emit_check(emitter: Emitter, schema: Schema) -> str:
    """The source of `check(value, path)`, which returns nothing or raises LexiconError."""
    emitter.write(0, "def check(value, path):")
    emit_schema(emitter, schema, Spot("value", "path", 1))
    return "\n".join(emitter.lines)
