"""CAR files: read whole or in pieces alike; also with every CID made true, to get behind that."""

from hashlib import sha256

from protocol import car, cbor, cid

_BLOCKS = [(cid.of_dag_cbor(block), block) for block in (cbor.encode({"n": n}) for n in range(3))]
SEEDS = (
    car.write(_BLOCKS[0][0], _BLOCKS),
    car.write(_BLOCKS[0][0], [*_BLOCKS, (cid.of_raw(b"raw"), b"raw")]),
    car.header([]),
    car.header([block_cid for block_cid, _ in _BLOCKS]) + b"\xff" * 9,
)


def check(data: bytes) -> None:
    """Chunks of any length give the same blocks."""
    for candidate in (data, repaired(data)):
        try:
            read = car.read(candidate)
        except car.CarError:
            continue
        pieces = [candidate[at : at + 7] for at in range(0, len(candidate), 7)]
        streamed = car.stream(pieces)
        assert (streamed.roots, dict(streamed.blocks)) == (read.roots, read.blocks)
        assert all(cid.matches(*block) for block in read.blocks.items())


def repaired(data: bytes) -> bytes:
    """The same sections, each block's digest computed anew, as far as lengths make sense."""
    written, at = bytearray(data), 0
    is_header = True
    while at < len(data):
        size, shift = 0, 0
        while at < len(data) and shift < 63:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        if not is_header and cid.LENGTH_BYTES <= size <= len(data) - at:
            block = data[at + cid.LENGTH_BYTES : at + size]
            written[at + 4 : at + cid.LENGTH_BYTES] = sha256(block).digest()
        at, is_header = at + size, False
    return bytes(written)
