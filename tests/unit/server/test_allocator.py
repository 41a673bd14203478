"""glibc's allocator, where the C library is glibc."""

import ctypes

import pytest

from server import allocator


class Library:
    """A C library that notes what it is asked for."""

    def __init__(self, *functions: str) -> None:
        self.calls: list[tuple[object, ...]] = []
        for name in functions:
            setattr(self, name, lambda *given, name=name: self.calls.append((name, *given)))


@pytest.fixture
def glibc(monkeypatch) -> Library:
    library = Library("mallopt", "malloc_trim")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    return library


def test_large_blocks_are_mapped_and_arenas_are_few(glibc: Library) -> None:
    allocator.tune()
    assert glibc.calls == [("mallopt", -3, 1_048_576), ("mallopt", -8, 4)]


def test_free_memory_is_given_back(glibc: Library) -> None:
    allocator.give_back()
    assert glibc.calls == [("malloc_trim", 0)]


def test_another_c_library_is_left_alone(monkeypatch) -> None:
    library = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    allocator.tune()
    allocator.give_back()
    assert library.calls == []


def test_the_library_that_is_here_takes_it() -> None:
    allocator.tune()
    allocator.give_back()
