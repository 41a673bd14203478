"""Room in a process's memory."""

from server.cache.eviction import make_room


def test_a_full_memory_drops_the_older_half():
    entries = dict.fromkeys(range(5))
    make_room(entries, 5)
    assert list(entries) == [3, 4]


def test_whatever_there_was_half_of_the_room_is_left():
    entries = dict.fromkeys(range(100))
    make_room(entries, 10)
    assert list(entries) == [95, 96, 97, 98, 99]


def test_while_there_is_room_nothing_goes():
    entries = dict.fromkeys(range(5))
    make_room(entries, 6)
    assert len(entries) == 5
