"""CAR files: written, read whole, read in pieces, and refused when anything is off."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import car, cbor, cid

HELLO = cid.of_raw(b"hello")
blocks = st.lists(st.binary(max_size=300), max_size=8).map(
    lambda bodies: [(cid.of_raw(body), body) for body in bodies]
)


def _cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(blocks, st.lists(st.integers(0, 90), max_size=30))
def test_a_car_reads_back_however_it_is_cut(
    pairs: list[tuple[bytes, bytes]], sizes: list[int]
) -> None:
    data = car.header([HELLO]) + b"".join(car.frame(*pair) for pair in pairs)
    pieces = car.stream(_cut(data, sizes))
    assert pieces.roots == (HELLO,)
    assert list(pieces.blocks) == pairs
    assert car.read(data) == car.Car((HELLO,), dict(pairs))


@given(blocks)
def test_a_car_that_we_write_has_no_block_twice(pairs: list[tuple[bytes, bytes]]) -> None:
    written = list(car.stream([car.write(HELLO, pairs * 2)]).blocks)
    assert written == list(dict(pairs).items())


@given(blocks.filter(bool), st.integers(1))
def test_a_car_cut_short_inside_a_section_is_refused(
    pairs: list[tuple[bytes, bytes]], short: int
) -> None:
    data = car.header([HELLO]) + b"".join(car.frame(*pair) for pair in pairs)
    last = len(car.frame(*pairs[-1]))
    with pytest.raises(car.CarError, match="ends in the middle"):
        car.read(data[: len(data) - 1 - short % (last - 1)])


@given(st.binary(max_size=100))
def test_random_bytes_never_crash_the_reader(data: bytes) -> None:
    for whole in (data, car.header([HELLO]) + data):
        try:
            found = car.read(whole)
        except car.CarError:
            continue
        assert all(cid.matches(name, block) for name, block in found.blocks.items())


def test_a_header_may_name_no_root_or_many() -> None:
    assert car.read(car.header([])).roots == ()
    assert car.read(car.header([HELLO, HELLO])).roots == (HELLO, HELLO)


def test_blocks_may_repeat_and_need_not_be_reachable() -> None:
    other = (cid.of_dag_cbor(b"\xa0"), b"\xa0")
    data = car.write(other[0], [(HELLO, b"hello"), other]) + car.frame(HELLO, b"hello")
    assert [name for name, _ in car.stream([data]).blocks] == [HELLO, other[0], HELLO]
    assert car.read(data).blocks == {HELLO: b"hello", other[0]: b"\xa0"}


def test_a_stream_holds_no_more_than_it_needs() -> None:
    seen = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            seen.append(number)
            yield car.header([HELLO]) if number == 0 else car.frame(HELLO, b"hello")

    stream = car.stream(chunks())
    assert seen == [0]
    next(stream.blocks)
    assert seen == [0, 1]


def _header(value: object) -> bytes:
    encoded = cbor.encode(value)
    return bytes([len(encoded)]) + encoded


BAD = {
    "nothing": b"",
    "version 2": _header({"roots": [], "version": 2}),
    "version true": _header({"roots": [], "version": True}),
    "no version": _header({"roots": []}),
    "no roots": _header({"version": 1}),
    "roots of text": _header({"roots": ["bafy"], "version": 1}),
    "roots in a map": _header({"roots": {}, "version": 1}),
    "header that is no map": _header([]),
    "header that is no CBOR": b"\x02\xff\xff",
    "header of two spellings": b"\x92\x00" + car.header([])[1:],
    "huge header": b"\xff\xff\xff\x7f",
    "varint without end": b"\xff" * 12,
    "block without a CID": car.header([]) + b"\x05hello",
    "section of nothing": car.header([]) + b"\x00",
    "block of another CID": car.header([]) + car.frame(HELLO, b"hullo"),
    "foreign CID": car.header([]) + car.frame(b"\x01\x70\x12\x20" + bytes(32), b"x"),
    "huge block": car.header([]) + b"\xff\xff\xff\x7f" + HELLO,
    "length of two spellings": car.header([]) + b"\xa9\x00" + HELLO + b"hello",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_malformed_cars_are_refused(data: bytes) -> None:
    with pytest.raises(car.CarError):
        car.read(data)
    with pytest.raises(car.CarError):
        list(car.stream(bytes([byte]) for byte in data).blocks)


def test_a_block_of_the_largest_size_is_read() -> None:
    block = bytes(car.MAX_BLOCK_BYTES)
    name = cid.of_raw(block)
    assert car.read(car.write(name, [(name, block)])).blocks == {name: block}


@given(st.lists(st.binary(max_size=300)))
def test_many_blocks_at_once_are_written_as_one_by_one(values: list[bytes]) -> None:
    named = [(cid.of_raw(value), value) for value in values]
    one_by_one = b"".join(car.frame(*pair) for pair in named)
    assert car.frames(name + value for name, value in named) == one_by_one
