"""Small lexicon documents for tests, and what is said of values that do not fit them."""

from collections.abc import Callable
from typing import Any

import pytest

from protocol.lexicon import Catalog, LexiconError, MethodType, RecordType

NSID = "example.test.thing"


def record_document(properties: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A record document with these fields; `defs` adds definitions, the rest goes to the object."""
    extra = rest.pop("defs", {})
    body = {"type": "object", "properties": properties, **rest}
    main = {"type": "record", "key": "tid", "record": body}
    return {"lexicon": 1, "id": NSID, "defs": {"main": main, **extra}}


def record_type(properties: dict[str, Any], **rest: Any) -> RecordType:
    """The compiled record type of `record_document`."""
    found = Catalog([record_document(properties, **rest)]).record(NSID)
    assert found is not None
    return found


def method_type(main: dict[str, Any]) -> MethodType:
    """The compiled method of a document with this main definition."""
    found = Catalog([{"lexicon": 1, "id": NSID, "defs": {"main": main}}]).method(NSID)
    assert found is not None
    return found


def query_type(properties: dict[str, Any], **rest: Any) -> MethodType:
    """A query with these parameters."""
    parameters = {"type": "params", "properties": properties, **rest}
    return method_type({"type": "query", "parameters": parameters})


def refused(verb: Callable[[Any], Any], value: Any) -> LexiconError | None:
    """The refusal with which a verb answers a value, or None. Other exceptions pass through."""
    try:
        verb(value)
    except LexiconError as refusal:
        return refusal
    return None


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Whether a record may hold this value in a field of this schema."""
    return refused(record_type({"field": schema}).check, {"$type": NSID, "field": value}) is None


def refusal(schema: dict[str, Any], value: Any) -> str:
    """The sentence with which a field of this schema refuses the value."""
    with pytest.raises(LexiconError) as refused:
        record_type({"field": schema}).check({"$type": NSID, "field": value})
    return refused.value.message
