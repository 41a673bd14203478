"""Checks of lexicon documents from elsewhere, before one is compiled.

The shapes are data: for each type the fields it may have and what each must be. Fields not named
here are welcome, so that the language can grow; types not named here are not, because their values
could not be checked. Spec: atproto.com/specs/lexicon.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocol import syntax
from protocol.lexicon.errors import DocumentError
from protocol.lexicon.leaves import FORMATS
from protocol.lexicon.source import INT64

Test = Callable[[Any], bool]

# Schemas written inside one another become nested loops, of which Python allows twenty.
MAX_NESTING: Final = 16


def is_text(value: Any) -> bool:
    """A string."""
    return type(value) is str


def is_flag(value: Any) -> bool:
    """A boolean."""
    return type(value) is bool


def is_integer(value: Any) -> bool:
    """A 64-bit integer."""
    return type(value) is int and value in INT64


def is_count(value: Any) -> bool:
    """A length or size."""
    return is_integer(value) and value >= 0


def is_format(value: Any) -> bool:
    """A string format we can check."""
    return is_text(value) and value in FORMATS


def is_ref(value: Any) -> bool:
    """`#def`, `nsid` or `nsid#def`."""
    if not is_text(value):
        return False
    nsid, mark, key = value.partition("#")
    return (nsid == "" or syntax.is_nsid(nsid)) and bool(key) == bool(mark) and value != ""


def list_of(test: Test) -> Test:
    """A list whose items all pass the test."""
    return lambda value: type(value) is list and all(map(test, value))


LENGTHS: Final[Mapping[str, Test]] = {"minLength": is_count, "maxLength": is_count}
ERRORS: Final[Test] = list_of(lambda error: type(error) is dict and is_text(error.get("name")))
PERMISSIONS: Final[Test] = list_of(
    lambda item: (
        type(item) is dict and item.get("type") == "permission" and is_text(item.get("resource"))
    )
)

FIELDS: Final[Mapping[str, Mapping[str, Test]]] = {
    "array": LENGTHS,
    "blob": {"accept": list_of(is_text), "maxSize": is_count},
    "boolean": {"default": is_flag, "const": is_flag},
    "bytes": LENGTHS,
    "cid-link": {},
    "integer": {
        **dict.fromkeys(("default", "const", "minimum", "maximum"), is_integer),
        "enum": list_of(is_integer),
    },
    "object": {"required": list_of(is_text), "nullable": list_of(is_text)},
    "params": {"required": list_of(is_text)},
    "permission-set": {"title": is_text, "detail": is_text, "permissions": PERMISSIONS},
    "procedure": {"errors": ERRORS},
    "query": {"errors": ERRORS},
    "record": {"key": is_text},
    "ref": {"ref": is_ref},
    "string": {
        **LENGTHS,
        **dict.fromkeys(("minGraphemes", "maxGraphemes"), is_count),
        **dict.fromkeys(("default", "const"), is_text),
        **dict.fromkeys(("enum", "knownValues"), list_of(is_text)),
        "format": is_format,
    },
    "subscription": {"errors": ERRORS},
    "token": {},
    "union": {"refs": list_of(is_ref), "closed": is_flag},
    "unknown": {},
}

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "array": ("items",),
    "permission-set": ("permissions",),
    "record": ("record",),
    "ref": ("ref",),
    "union": ("refs",),
}

PRIMARY_TYPES: Final = frozenset({"record", "query", "procedure", "subscription", "permission-set"})
DEFINITION_TYPES: Final = frozenset(
    {"array", "blob", "boolean", "bytes", "cid-link", "integer", "object", "string", "token"}
)
FIELD_TYPES: Final = DEFINITION_TYPES - {"token"} | {"ref", "union", "unknown"}
SCALAR_TYPES: Final = frozenset({"boolean", "integer", "string", "unknown"})
BODY_TYPES: Final = frozenset({"object", "ref", "union"})


def require(condition: bool, path: str, message: str) -> None:
    """Raise DocumentError unless the condition holds."""
    if not condition:
        raise DocumentError(path, message)


def check_document(document: Any) -> None:
    """Raise DocumentError unless this is a lexicon document that can be compiled."""
    require(type(document) is dict, "Lexicon", "must be an object")
    version = document.get("lexicon")
    require(type(version) is int and version == 1, "Lexicon/lexicon", "must be 1")
    nsid = document.get("id")
    require(type(nsid) is str and syntax.is_nsid(nsid), "Lexicon/id", "must be a valid nsid")
    definitions = document.get("defs")
    require(type(definitions) is dict, "Lexicon/defs", "must be an object")
    for key, definition in document["defs"].items():
        path = f"Lexicon/defs/{key}"
        require(type(key) is str and "#" not in key, path, "must be named by a plain string")
        allowed = DEFINITION_TYPES | PRIMARY_TYPES if key == "main" else DEFINITION_TYPES
        check_schema(definition, path, allowed, 0)


def check_schema(schema: Any, path: str, allowed: frozenset[str], nesting: int) -> None:
    """Check one schema and those inside it. `allowed` are the types this place may hold."""
    require(nesting <= MAX_NESTING, path, "is nested too deeply")
    require(type(schema) is dict, path, "must be an object")
    kind = schema.get("type")
    is_allowed = type(kind) is str and kind in allowed
    require(is_allowed, f"{path}/type", f"must be one of ({'|'.join(sorted(allowed))})")
    for field in REQUIRED.get(schema["type"], ()):
        require(field in schema, path, f'must have the property "{field}"')
    for field, test in FIELDS[schema["type"]].items():
        if field in schema:
            require(test(schema[field]), f"{path}/{field}", "has the wrong shape")
    check_inside(schema, path, nesting + 1)


def check_inside(schema: Mapping[str, Any], path: str, nesting: int) -> None:
    """Check the schemas that a schema holds: items, properties, a record's object, bodies."""
    is_params = schema["type"] == "params"
    if schema["type"] == "array":
        check_schema(schema["items"], f"{path}/items", FIELD_TYPES, nesting)
    if schema["type"] in ("object", "params"):
        properties = schema.get("properties", {})
        require(type(properties) is dict, f"{path}/properties", "must be an object")
        for name, field in properties.items():
            where = f"{path}/properties/{name}"
            if is_params:
                check_parameter(field, where, nesting)
            else:
                check_schema(field, where, FIELD_TYPES, nesting)
    if schema["type"] == "record":
        check_schema(schema["record"], f"{path}/record", frozenset({"object"}), nesting)
    if schema["type"] in ("query", "procedure", "subscription"):
        check_method(schema, path, nesting)


def check_parameter(field: Any, path: str, nesting: int) -> None:
    """A parameter is a scalar or an array of scalars: that is all a query string can carry."""
    check_schema(field, path, SCALAR_TYPES | {"array"}, nesting)
    if field["type"] == "array":
        check_schema(field["items"], f"{path}/items", SCALAR_TYPES, nesting)


def check_method(method: Mapping[str, Any], path: str, nesting: int) -> None:
    """Check a method's parameters and bodies."""
    if "parameters" in method:
        where = f"{path}/parameters"
        check_schema(method["parameters"], where, frozenset({"params"}), nesting)
    for body in ("input", "output", "message"):
        if body not in method:
            continue
        where = f"{path}/{body}"
        require(type(method[body]) is dict, where, "must be an object")
        if body != "message":
            require(is_text(method[body].get("encoding")), f"{where}/encoding", "must be a string")
        if "schema" in method[body]:
            check_schema(method[body]["schema"], f"{where}/schema", BODY_TYPES, nesting)
