"""The data model's JSON form: `$link`, `$bytes` and blobs, to CBOR and back.

Input is what orjson made of a request body, checked in one iterative walk that names the path of a
fault; output is JSON text. An integral float (`1.0`, `1e3`) is read as the integer it is; every
other float, and integers that JavaScript would round, are refused.
Source: atproto.com/specs/data-model, "JSON Representation" and "Blob Type".
"""

from typing import Any

import cbrrr
import orjson

from protocol import cbor, cid

_MAX_INTEGER = cbor.MAX_JSON_SAFE_INTEGER
_BLOB_FIELDS = frozenset({"$type", "ref", "mimeType", "size"})
# Assigning it sets an object's prototype: the decoders of relays and clients refuse the record.
_PROTOTYPE = "__proto__"
_MAX_KEY_SHOWN = 100  # of each in the path of a fault: a key may be as long as a record
_LEGACY_BLOB_FIELDS = frozenset({"cid", "mimeType"})

Path = tuple[Any, ...]  # nested pairs: (parent's path, key or index); () is the record itself


class DataModelError(ValueError):
    """The value has no place in the data model. `path` says where, as `/reply/root/cid`."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{message} at {path or '/'}")
        self.path = path


def to_cbor(parsed_json: Any) -> bytes:
    """Encode an object that orjson.loads gave, leaving it unchanged. Raises DataModelError."""
    if type(parsed_json) is not dict:
        raise DataModelError("only an object can stand at the top")
    if _check(parsed_json):
        parsed_json = _with_integers(parsed_json)
    try:
        return cbrrr.encode_dag_cbor(parsed_json, atjson_mode=True)
    except (ValueError, TypeError) as error:
        raise _encoding_fault(parsed_json, error) from error


def from_cbor(data: bytes) -> bytes:
    """Render an encoded block as JSON text. Integers beyond 2^53 are written in full."""
    try:
        return orjson.dumps(cbrrr.decode_dag_cbor(data, atjson_mode=True))
    except (ValueError, TypeError) as error:
        raise DataModelError(f"cannot be shown as JSON: {error}") from error


def plain(data: bytes) -> Any:
    """The plain JSON data of an encoded block: for several to be rendered at once."""
    try:
        return cbrrr.decode_dag_cbor(data, atjson_mode=True)
    except ValueError as error:
        raise DataModelError(f"cannot be shown as JSON: {error}") from error


def from_value(value: Any) -> Any:
    """Turn a decoded value into plain JSON data, `$link` and `$bytes` in place."""
    return plain(cbor.encode(value))


def is_legacy_blob(value: Any) -> bool:
    """Whether a decoded value is an early blob: `cid` and `mimeType`, nothing else."""
    return (
        type(value) is dict
        and value.keys() == _LEGACY_BLOB_FIELDS
        and all(type(field) is str for field in value.values())
    )


def _check(parsed_json: Any) -> bool:
    """Refuse what has no place in the data model; say whether floats stand in for integers.

    Level by level, never by recursion, each container with its path.
    """
    has_floats = False
    level: list[tuple[Any, Path]] = [([parsed_json], ())]
    for _ in range(cbor.MAX_DEPTH + 1):
        below: list[tuple[Any, Path]] = []
        for container, path in level:
            entries = container.items() if type(container) is dict else enumerate(container)
            for key, item in entries:
                kind = type(item)
                if kind is str:
                    continue
                if kind is dict:
                    if not _is_link_or_bytes(item, path, key):
                        below.append((item, (path, key)))
                elif kind is list:
                    below.append((item, (path, key)))
                elif kind is int:
                    if not -_MAX_INTEGER <= item <= _MAX_INTEGER:
                        raise _fault("an integer is beyond 2^53-1", path, key)
                elif kind is float:
                    if not (item.is_integer() and abs(item) <= _MAX_INTEGER):
                        raise _fault("floats are not part of the data model", path, key)
                    has_floats = True
        if not below:
            return has_floats
        level = below
    raise DataModelError(f"nested deeper than {cbor.MAX_DEPTH} levels", _written(level[0][1]))


def _is_link_or_bytes(item: dict[str, Any], path: Path, key: Any) -> bool:
    """Check an object that the data model gives a meaning; True for the two that are leaves."""
    if "$link" in item:
        _check_link(item, path, key)
        return True
    if "$bytes" in item:
        text = item["$bytes"]
        # The encoder checks the letters; padding is optional, but then it is whole.
        if len(item) != 1 or type(text) is not str or ("=" in text and len(text) % 4):
            raise _fault("$bytes is not base64 alone in its object", path, key)
        return True
    if "$type" in item:
        name = item["$type"]
        if type(name) is not str or not name:
            raise _fault("$type is not a name", path, key)
        if name == "blob":
            _check_blob(item, path, key)
    if _PROTOTYPE in item:
        raise _fault("readers in JavaScript lose this key", (path, key), _PROTOTYPE)
    return False


def _check_link(item: dict[str, Any], path: Path, key: Any) -> bytes:
    text = item["$link"]
    if len(item) != 1 or type(text) is not str:
        raise _fault("$link is not a CID alone in its object", path, key)
    try:
        return cid.from_text(text)
    except cid.InvalidCid as error:
        raise _fault("$link does not hold a supported CID", path, key) from error


def _check_blob(item: dict[str, Any], path: Path, key: Any) -> None:
    if item.keys() != _BLOB_FIELDS:
        raise _fault("a blob has exactly $type, ref, mimeType and size", path, key)
    ref, mime_type, size = item["ref"], item["mimeType"], item["size"]
    if type(ref) is not dict or "$link" not in ref or not cid.is_raw(_check_link(ref, path, key)):
        raise _fault("a blob's ref is not a link to raw bytes", path, key)
    if type(mime_type) is not str or not mime_type:
        raise _fault("a blob's mimeType is not a text", path, key)
    if type(size) not in {int, float} or size < 0:
        raise _fault("a blob's size is not a count of bytes", path, key)


def _with_integers(value: Any) -> Any:
    """Copy a checked value (its depth is known to be small), with integers for its floats."""
    if type(value) is dict:
        return {key: _with_integers(item) for key, item in value.items()}
    if type(value) is list:
        return [_with_integers(item) for item in value]
    return int(value) if type(value) is float else value


def _encoding_fault(parsed_json: Any, error: Exception) -> DataModelError:
    """Follow the parts that fail to encode, down to the one that holds the fault itself."""
    item: Any = parsed_json
    path: Path = ((), 0)
    while (inner := _failing_part(item)) is not None:
        key, item = inner
        path = (path, key)
    return DataModelError(f"cannot be encoded ({error})", _written(path))


def _failing_part(item: Any) -> tuple[Any, Any] | None:
    if type(item) is dict and "$bytes" not in item:
        entries = list(item.items())
    elif type(item) is list:
        entries = list(enumerate(item))
    else:
        return None
    for key, part in entries:
        try:
            cbrrr.encode_dag_cbor(part, atjson_mode=True)
        except (ValueError, TypeError):
            return key, part
    return None


def _fault(message: str, path: Path, key: Any) -> DataModelError:
    return DataModelError(message, _written((path, key)))


def _written(path: Path) -> str:
    """Write nested pairs as `/reply/root`, without the index of the outermost list."""
    parts: list[str] = []
    while path:
        path, key = path
        parts.append(str(key)[:_MAX_KEY_SHOWN])
    return "".join("/" + part for part in reversed(parts[:-1]))
