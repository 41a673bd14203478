"""The shape of one did:plc operation: which fields it has, and how large each may be.

Source: the did:plc method specification v0.3.0 ("Operation Serialization, Signing, and Validation")
and the limits that the public directory's code adds to it. Where the two differ, the constant says
so. Signatures, hashes and the order of operations are `protocol.did.plc`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from protocol import cbor
from protocol.keys import InvalidKey, PublicKey

Operation = dict[str, Any]
"""An operation just as it travels in JSON; its hash covers every field, so nothing is renamed."""

MAX_OPERATION_BYTES = 4_000  # as CBOR; the specification allows 7,500, the directory takes 4,000
MAX_ROTATION_KEYS = 10  # the directory's; the specification says 5, and `plc.genesis` keeps to it
MAX_ENTRIES = 10  # of alsoKnownAs, services and verificationMethods
MAX_ALSO_KNOWN_AS = 258  # `at://` and the longest handle
MAX_ID = 32
MAX_SERVICE_TYPE = 256
MAX_SERVICE_ENDPOINT = 512
MAX_DID_KEY = 256

# Verification methods may be of any curve: only the syntax is looked at.
_DID_KEY = re.compile(r"did:key:z[1-9A-HJ-NP-Za-km-z]+")


class PlcError(ValueError):
    """The operation breaks a rule of did:plc. The directory answers it with 400."""


class ImproperOperation(PlcError):
    """The operation is not made as the specification says."""


def assure_valid(op: object) -> Operation:
    """The value as an operation that the directory may take, if its predecessors allow it.

    Takes parsed JSON: a `plc_operation` or a `plc_tombstone` with its `sig`. The legacy `create`
    form is refused, because it is valid in old logs only. Raises ImproperOperation.
    """
    checked = _shaped(op)
    if (size := len(cbor.encode(checked))) > MAX_OPERATION_BYTES:
        raise ImproperOperation(
            f"Operation too large ({MAX_OPERATION_BYTES} bytes maximum in cbor encoding): {size}"
        )
    if checked["type"] == "plc_operation":
        _check_rotation_keys(checked["rotationKeys"])
        _check_verification_methods(checked["verificationMethods"])
        _check_also_known_as(checked["alsoKnownAs"])
        _check_services(checked["services"])
    return checked


def _is_text(value: object) -> bool:
    # A NUL has no meaning in any field, and Postgres cannot keep one in JSON.
    return isinstance(value, str) and "\0" not in value


def _is_text_list(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_text_map(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(k) and _is_text(v) for k, v in value.items())


def _is_service(value: object) -> bool:
    return _is_text_map(value) and isinstance(value, dict) and set(value) == {"type", "endpoint"}


def _is_service_map(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_text(name) and _is_service(service) for name, service in value.items()
    )


_SHAPES: dict[str, dict[str, Callable[[object], bool]]] = {
    "plc_operation": {
        "type": _is_text,
        "rotationKeys": _is_text_list,
        "verificationMethods": _is_text_map,
        "alsoKnownAs": _is_text_list,
        "services": _is_service_map,
        "prev": lambda prev: prev is None or _is_text(prev),
        "sig": _is_text,
    },
    "plc_tombstone": {"type": _is_text, "prev": _is_text, "sig": _is_text},
}


def _shaped(op: object) -> Operation:
    kind = op.get("type") if isinstance(op, dict) else None
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if not isinstance(op, dict) or shape is None:
        raise ImproperOperation("Not a valid operation: unknown type")
    for name in op.keys() ^ shape.keys():
        raise ImproperOperation(f"Not a valid operation: missing or unknown field {name!r}")
    for name, is_right in shape.items():
        if not is_right(op[name]):
            raise ImproperOperation(f"Not a valid operation: {name}")
    return op


def _check_count(field: str, entries: Sequence[object] | Mapping[str, object], limit: int) -> None:
    if len(entries) > limit:
        raise ImproperOperation(f"Too many {field} entries (max {limit})")


def _check_length(what: str, value: str, limit: int) -> None:
    if len(value) > limit:
        raise ImproperOperation(f"{what} too long (max {limit}): {value}")


def _check_unique(field: str, values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise ImproperOperation(f"duplicate {field} entry")


def _check_rotation_keys(keys: list[str]) -> None:
    if not keys:
        raise ImproperOperation("Need at least one rotationKey")
    _check_count("rotationKey", keys, MAX_ROTATION_KEYS)
    _check_unique("rotationKey", keys)
    for key in keys:
        try:
            PublicKey.from_did_key(key)
        except InvalidKey as error:
            raise ImproperOperation(f"Invalid rotationKey: {key}") from error


def _check_verification_methods(methods: dict[str, str]) -> None:
    _check_count("verificationMethod", methods, MAX_ENTRIES)
    for name, key in methods.items():
        _check_length("Verification Method id", name, MAX_ID)
        _check_length("Verification Method key", key, MAX_DID_KEY)
        if not _DID_KEY.fullmatch(key):
            raise ImproperOperation(f"Invalid verificationMethod key: {key}")


def _check_also_known_as(names: list[str]) -> None:
    _check_count("alsoKnownAs", names, MAX_ENTRIES)
    _check_unique("alsoKnownAs", names)
    for name in names:
        _check_length("alsoKnownAs entry", name, MAX_ALSO_KNOWN_AS)


def _check_services(services: dict[str, dict[str, str]]) -> None:
    _check_count("service", services, MAX_ENTRIES)
    for name, service in services.items():
        _check_length("Service id", name, MAX_ID)
        _check_length("Service type", service["type"], MAX_SERVICE_TYPE)
        _check_length("Service endpoint", service["endpoint"], MAX_SERVICE_ENDPOINT)
