"""Strict CBOR: what is read is written back byte for byte, and a second decoder agrees."""

from contextlib import suppress

import cbor2

from protocol import atjson, cbor, cid

_LINK = cbor.Link(cid.of_raw(b"seed"))
SEEDS = (
    cbor.encode({}),
    cbor.encode({"a": [1, -1, 2**63 - 1, -(2**63)], "b": None, "c": True, "text": "grün"}),
    cbor.encode({"$type": "blob", "ref": _LINK, "mimeType": "image/png", "size": 3}),
    cbor.encode([[[[b"bytes", _LINK]]]]),
    b"\x9b\x00\x00\x00\x01\x00\x00\x00\x00" * 30,
    b"\x81" * 40 + b"\x80",
    b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00",
)


def check(data: bytes) -> None:
    """Whatever decodes is canonical."""
    try:
        value = cbor.decode(data)
    except cbor.CborError:
        return
    assert cbor.encode(value) == data
    cbor2.loads(data)
    atjson.is_legacy_blob(value)
    with suppress(atjson.DataModelError):
        atjson.from_cbor(data)
