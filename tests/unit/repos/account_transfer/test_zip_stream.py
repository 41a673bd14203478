"""ZIPs that are made while they are read."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from zipfile import ZipFile

from hypothesis import given
from hypothesis import strategies as st

from repos.account_transfer.archives import zip_stream
from repos.account_transfer.archives.zip_stream import Member

AT = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)
CONTENTS = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=["L"]), min_size=1),
    st.lists(st.binary(max_size=300), max_size=5),
    max_size=5,
)


@given(contents=CONTENTS, is_text=st.booleans())
def test_what_goes_in_comes_out(contents: dict[str, list[bytes]], is_text: bool) -> None:
    members = (Member(name, chunks, 0, is_text) for name, chunks in contents.items())
    with zip_stream.as_file(zip_stream.chunks_of(members, AT)) as file:
        archive = ZipFile(io.BytesIO(file.read()))
    assert archive.testzip() is None
    read = {name: archive.read(name) for name in archive.namelist()}
    assert read == {name: b"".join(chunks) for name, chunks in contents.items()}


def test_reads_are_full_until_the_end_so_that_parts_have_their_size() -> None:
    member = Member("a", [b"x" * 7] * 1000, 7000)
    with zip_stream.as_file(zip_stream.chunks_of([member], AT)) as file:
        sizes = [len(piece) for piece in iter(lambda: file.read(1000), b"")]
    assert set(sizes[:-1]) == {1000}


def test_nothing_is_made_before_it_is_read() -> None:
    asked: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b"x" * 1_000_000

    with zip_stream.as_file(zip_stream.chunks_of([Member("a", chunks(), 0)], AT)) as file:
        file.read(3_000_000)
    assert len(asked) < 6


def test_a_member_of_more_than_four_gigabytes_gets_the_header_for_it() -> None:
    members = [Member("a", [b"x"], 5_000_000_000)]
    with zip_stream.as_file(zip_stream.chunks_of(members, AT)) as file:
        data = file.read()
    assert data[4:6] == (45).to_bytes(2, "little")  # the version that can read ZIP64
    assert ZipFile(io.BytesIO(data)).read("a") == b"x"
