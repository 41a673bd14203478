"""CAR files by cbor2 and multiformats: the slices that come with events.

Source: ipld.io/specs/transport/car/carv1.
"""

from multiformats import varint

from repos.maintenance.independent import blocks
from repos.maintenance.independent.blocks import CID_BYTES, Malformed


def read(car: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """The root of a CAR, and its blocks by CID, each held against its CID. Raises Malformed."""
    header, rest = _section(memoryview(car))
    match blocks.decode(bytes(header)):
        case {"version": 1, "roots": [root, *_]}:
            found: dict[bytes, bytes] = {}
        case _:
            raise Malformed("not the header of a CAR")
    while rest:
        section, rest = _section(rest)
        cid, block = blocks.checked_cid(bytes(section[:CID_BYTES])), bytes(section[CID_BYTES:])
        if blocks.cid_of(block) != cid:
            raise Malformed(f"a block does not hash to its CID {blocks.text_of(cid)}")
        found[cid] = block
    return blocks.linked(root), found


def _section(data: memoryview) -> tuple[memoryview, memoryview]:
    """What a length stands before, and the rest."""
    try:
        length, used, _ = varint.decode_raw(bytes(data[:9]))
    except ValueError as fault:
        raise Malformed(f"not a length in a CAR: {fault}") from fault
    if not length or used + length > len(data):
        raise Malformed("a CAR ends in the middle of a block")
    return data[used : used + length], data[used + length :]
