"""Records, bodies and query strings against the bundled lexicons: a verdict, never a fault.

An input is one byte that chooses the document, then JSON or a query string.
"""

from urllib.parse import parse_qs

import orjson

from protocol import atjson, cbor
from protocol.errors import XrpcError
from protocol.lexicon import catalog

_RECORDS = ("app.bsky.feed.post", "app.bsky.actor.profile", "app.bsky.feed.like")
_BODIES = ("com.atproto.repo.applyWrites", "com.atproto.server.createAccount")
_QUERIES = ("com.atproto.sync.getBlocks", "com.atproto.repo.listRecords")
_NAMES = _RECORDS + _BODIES + _QUERIES
_POST = {
    "$type": "app.bsky.feed.post",
    "text": "grün @alice",
    "createdAt": "2026-11-22T12:00:00Z",
    "langs": ["de"],
    "facets": [{"index": {"byteStart": 0, "byteEnd": 3}, "features": [{"$type": "x.y.z"}]}],
    "embed": {"$type": "app.bsky.embed.images", "images": []},
}
_WRITE = {"$type": "com.atproto.repo.applyWrites#create", "collection": "a.b.c", "value": {}}
_LIKE = {"$type": "app.bsky.feed.like", "subject": {"uri": "at://a.b", "cid": ""}}
SEEDS = (
    b"\0" + orjson.dumps(_POST),
    b"\1" + orjson.dumps({"$type": "app.bsky.actor.profile", "displayName": "A", "labels": {}}),
    b"\2" + orjson.dumps(_LIKE),
    b"\3" + orjson.dumps({"repo": "alice.test", "writes": [_WRITE]}),
    b"\4" + orjson.dumps({"handle": "a.test", "email": "a@b.c", "password": "x"}),
    b"\5did=did:plc:ewvi7nxzyoun6zhxrhs64oiz&cids=a&cids=b",
    b"\6repo=a.test&collection=a.b.c&limit=50&reverse=true&cursor=%00",
)


def check(data: bytes) -> None:
    """Refusals are the lexicon's own."""
    if not data:
        return
    name, rest = _NAMES[data[0] % len(_NAMES)], data[1:]
    try:
        if name in _QUERIES:
            _method(name).parse_params(parse_qs(rest.decode(errors="replace")))
        elif name in _BODIES:
            _method(name).check_input(orjson.loads(rest))
        else:
            _check_record(name, rest)
    except (orjson.JSONDecodeError, XrpcError, atjson.DataModelError):
        return


def _method(name: str):
    method = catalog().method(name)
    assert method is not None
    return method


def _check_record(name: str, text: bytes) -> None:
    record = catalog().record(name)
    assert record is not None
    record.check(cbor.decode(atjson.to_cbor(orjson.loads(text))))
