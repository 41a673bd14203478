"""A well-formed request for each method that is declared, made from its lexicon."""

from typing import Any
from urllib.parse import urlencode

import orjson

from protocol.lexicon import catalog
from xrpc import registry

_FORMATS = {
    "did": "$DID",
    "handle": "alice.test",
    "at-identifier": "$DID",
    "nsid": "com.example.thing",
    "record-key": "k",
    "cid": "$HEAD",
    "at-uri": "at://$DID/com.example.thing/k",
    "datetime": "2026-11-22T12:00:00Z",
    "tid": "3ke6kg3wk222b",
    "uri": "https://example.com",
    "language": "de",
}
_PLAIN: dict[str, Any] = {
    "integer": 1,
    "boolean": True,
    "unknown": {"n": 1},
    "blob": None,
    "bytes": {"$bytes": "AAAA"},
    "cid-link": {"$link": "$HEAD"},
}


def requests(credentials: str = "", prefix: str = "") -> list[bytes]:
    """One a method, in the form that tests.fuzz.http reads; without credentials those of the
    account."""
    served = [nsid for nsid in registry.registered() if registry.find(nsid)]
    return [
        request(nsid, credentials or own_credentials(nsid), *values(nsid))
        for nsid in served
        if nsid.startswith(prefix)
    ]


def own_credentials(nsid: str) -> str:
    """The account's, of the kind that the method wants."""
    return f"Bearer {'$REFRESH' if 'refresh' in nsid else '$TOKEN'}"


def values(nsid: str) -> tuple[dict[str, Any], Any]:
    """Fit parameters, and a fit JSON body or None."""
    main = (catalog().document(nsid) or {})["defs"]["main"]
    params = _sample(nsid, main.get("parameters", {"type": "params"}))
    schema = main.get("input", {}).get("schema")
    return params, _sample(nsid, schema) if schema else None


def request(nsid: str, credentials: str, params: dict[str, Any], value: Any) -> bytes:
    """A call of a method in the form that tests.fuzz.http reads."""
    main = (catalog().document(nsid) or {})["defs"]["main"]
    query = f"?{urlencode(params, doseq=True, safe='$:/')}" if params else ""
    if main["type"] == "query":
        return f"GET /xrpc/{nsid}{query}\nAuthorization: {credentials}\n\n".encode()
    encoding = main.get("input", {}).get("encoding", "")
    kind = f"\nContent-Type: {encoding.replace('*', 'a')}" if encoding else ""
    text = orjson.dumps(value) if value is not None else b""
    return f"POST /xrpc/{nsid}{query}\nAuthorization: {credentials}{kind}\n\n".encode() + text


def _sample(nsid: str, schema: dict[str, Any], depth: int = 0) -> Any:
    """A value of a schema, with every field that it may have, four levels deep."""
    kind = schema["type"]
    if kind in ("object", "params"):
        fields = schema.get("properties", {})
        return {name: _sample(nsid, field, depth + 1) for name, field in fields.items()}
    if kind == "array":
        return [_sample(nsid, schema["items"], depth + 1)] if depth < 4 else []
    if kind in ("ref", "union"):
        name = schema["ref"] if kind == "ref" else next(iter(schema["refs"]), "")
        return _referred(nsid, name, depth)
    if kind == "string":
        known = schema.get("enum") or schema.get("knownValues") or ["$NEW"]
        return _FORMATS.get(schema.get("format", ""), known[0])
    return _PLAIN.get(kind)


def _referred(nsid: str, name: str, depth: int) -> Any:
    if depth > 4 or not name:
        return {}
    document, _, fragment = name.partition("#")
    document = document or nsid
    found = (catalog().document(document) or {"defs": {}})["defs"].get(fragment or "main")
    if found is None or found["type"] == "token":
        return {}
    value = _sample(document, found, depth + 1)
    full_name = f"{document}#{fragment}" if fragment else document
    return {"$type": full_name, **value} if isinstance(value, dict) else value
