"""What waits in memory for slow clients has a bound in all."""

import io

import pytest
from pytest_django.fixtures import Settings

from server.storage.free_space import InsufficientStorage
from server.web.bodies.buffered_bytes import SMALL_BYTES, BufferBudget, BufferedBody


def buffered(held: BufferBudget, *pieces: bytes) -> BufferedBody:
    body = BufferedBody(held)
    for piece in pieces:
        body.add(piece)
    return body


def test_small_bodies_are_not_counted():
    held = BufferBudget(most=10)
    body = buffered(held, b"a" * SMALL_BYTES)
    assert (held.size, isinstance(body.file(), io.BytesIO)) == (0, True)


def test_a_body_is_counted_until_it_is_forgotten():
    held = BufferBudget()
    body = buffered(held, b"a" * SMALL_BYTES, b"b" * 100)
    assert held.size == body.size == SMALL_BYTES + 100
    body.forget()
    body.forget()
    assert held.size == 0


def test_a_body_beyond_the_bound_waits_in_a_file_and_is_whole():
    held = BufferBudget(most=3 * SMALL_BYTES)
    first = buffered(held, b"a" * SMALL_BYTES, b"b" * SMALL_BYTES)
    second = buffered(held, b"c" * SMALL_BYTES, b"d" * SMALL_BYTES, b"e")
    assert isinstance(first.file(), io.BytesIO)
    assert not isinstance(second.file(), io.BytesIO)
    assert held.size == first.size
    assert second.file().read() == b"c" * SMALL_BYTES + b"d" * SMALL_BYTES + b"e"


def test_answers_count_while_they_are_sent():
    held = BufferBudget(most=200_000)
    with held.counting(150_000):
        assert not held.has_room_for(100_000)
        assert held.has_room_for(SMALL_BYTES)
    assert held.has_room_for(200_000)


def test_what_has_no_room_on_the_disk_either_is_taken_to_its_end_and_refused(settings: Settings):
    settings.FREE_SPACE_BYTES = 2**62
    held = BufferBudget(most=SMALL_BYTES)
    body = buffered(held, b"a" * SMALL_BYTES, b"b" * SMALL_BYTES, b"c")
    assert (body.size, held.size) == (2 * SMALL_BYTES + 1, 0)
    with pytest.raises(InsufficientStorage):
        body.file()
