"""JSON and CBOR that is large in number: pieces that are repeated, up to a megabyte in all.

An input is pieces, each with a byte of length and two bytes that say how often it is repeated.
"""

import time

from protocol import atjson, cbor
from protocol.untrusted_input import bounded_json

_MAX_BYTES = 1_000_000
_MAX_S = 1.0


def _input(*pieces: tuple[bytes, int]) -> bytes:
    return b"".join(
        bytes([len(piece)]) + times.to_bytes(2, "big") + piece for piece, times in pieces
    )


SEEDS = (
    _input((b'{"v":[', 1), (b"{},", 65_535), (b"{}]}", 1)),
    _input((b'{"v":[', 1), (b"[],", 19_000), (b'"\\"[{"]}', 1)),
    _input((b'{"v":[', 1), (b'{"":[]},', 9_000), (b"0]}", 1)),
    _input((b'{"v":{', 1), (b'"k":0,', 60_000), (b'"z":1}}', 1)),
    _input((b'{"v":"', 1), (b'{[:,\\"\\\\', 50_000), (b'"}', 1)),
    _input((b'{"v":[', 1), (b"0,9007199254740991,", 40_000), (b"1.0]}", 1)),
    _input((b"\x9a\x00\x0d\xbb\xa0", 1), (b"\xa0\x80\x01\x60", 60_000)),
    _input((b"\x99\x01\x00", 30), (b"\x80", 65_000)),
    _input((b"\xba\x00\x00\xea\x60", 1), (b"\x61a\x00", 60_000)),
    _input((b"\x81\x79\xff\xff", 1), (b"\xc3\xa9\xa0", 60_000)),
)


def check(data: bytes) -> None:
    """Refused or read in time; what JSON gives is a record or a refusal, in time as well."""
    repeated = _repeated(data)
    started = time.process_time()
    _read_json(repeated)
    _read_cbor(repeated)
    assert time.process_time() - started < _MAX_S


def _repeated(data: bytes) -> bytes:
    pieces, size, at = [], 0, 0
    while at + 3 <= len(data) and size < _MAX_BYTES:
        length, times = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        pieces.append(data[at + 3 : at + 3 + length] * times)
        size += len(pieces[-1])
        at += 3 + length
    return b"".join(pieces)[:_MAX_BYTES]


def _read_json(text: bytes) -> None:
    try:
        block = atjson.to_cbor(bounded_json.loads(text))
    except ValueError:
        return
    cbor.decode(block)
    atjson.from_cbor(block)


def _read_cbor(block: bytes) -> None:
    try:
        value = cbor.decode(block)
    except cbor.CborError:
        return
    assert cbor.encode(value) == block
