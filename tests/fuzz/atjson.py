"""Record input: any JSON becomes strict CBOR or is refused, and comes back as the same record."""

import orjson

from protocol import atjson, cbor
from tests.unit.protocol.data_model import is_json_safe

SEEDS = (
    b'{"$type":"app.bsky.feed.post","text":"hi","createdAt":"2026-11-22T12:00:00Z"}',
    b'{"a":{"$link":"bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"}}',
    b'{"a":{"$bytes":"nFERjvLLiw9qm45JrqH9QTzyC2Lu1Xb4ne6+sBrCzI0"}}',
    b'{"a":{"$type":"blob","ref":{"$link":"bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"},'
    b'"mimeType":"image/jpeg","size":10000}}',
    b'{"a":1.0,"b":1e3,"c":-9007199254740991,"d":[null,true,[[]]],"__proto__x":{}}',
    b'{"a":' * 33 + b"1" + b"}" * 33,
)


def check(data: bytes) -> None:
    """What is stored reads back, and storing that gives the same bytes."""
    try:
        parsed = orjson.loads(data)
        block = atjson.to_cbor(parsed)
    except (orjson.JSONDecodeError, atjson.DataModelError):
        return
    value = cbor.decode(block)
    assert is_json_safe(value)
    shown = orjson.loads(atjson.from_cbor(block))
    assert atjson.to_cbor(shown) == block
    assert atjson.from_value(value) == shown
