import asyncio

from repos.events.streams.ring import Ring


def ring_of(count: int, max_frames: int = 100, max_bytes: int = 10_000) -> Ring:
    ring = Ring(max_frames, max_bytes)
    ring.push(1, [str(n).encode() for n in range(1, count + 1)])
    return ring


def test_a_slice_begins_after_the_cursor() -> None:
    assert ring_of(10).after(7, 64) == [b"8", b"9", b"10"]
    assert ring_of(10).after(0, 2) == [b"1", b"2"]


def test_nothing_new_is_an_empty_slice() -> None:
    assert ring_of(10).after(10, 64) == []
    assert ring_of(10).after(12, 64) == []


def test_an_empty_ring_covers_nothing() -> None:
    ring = Ring(10, 10)
    assert ring.is_empty
    assert ring.after(0, 64) is None


def test_the_oldest_frames_go_by_count() -> None:
    ring = ring_of(10, max_frames=4)
    assert (ring.first_seq, ring.last_seq) == (7, 10)
    assert ring.after(5, 64) is None
    assert ring.after(6, 64) == [b"7", b"8", b"9", b"10"]


def test_the_oldest_frames_go_by_bytes() -> None:
    ring = Ring(100, 10)
    for seq in range(1, 6):
        ring.push(seq, [b"four"])
    assert (ring.first_seq, ring.last_seq) == (4, 5)


def test_a_gap_empties_the_ring_so_that_nobody_skips_it() -> None:
    ring = ring_of(10)
    ring.push(12, [b"12"])
    assert ring.after(10, 64) is None
    assert ring.after(11, 64) == [b"12"]


def test_a_push_wakes_those_who_wait() -> None:
    async def scene() -> bool:
        ring = Ring(10, 100)
        changed = ring.changed
        ring.push(1, [b"1"])
        await asyncio.wait_for(changed.wait(), 1)
        return ring.changed.is_set()

    assert asyncio.run(scene()) is False


def test_a_slice_ends_with_the_frame_that_fills_it() -> None:
    ring = Ring(100, 10_000_000)
    ring.push(1, [b"x" * 200_000] * 5)
    assert len(ring.after(0, 64) or []) == 3
