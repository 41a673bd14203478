"""Work of several owners under one span of time."""

from collections.abc import Iterator

from server.jobs import round_robin


def test_each_gets_a_step_before_anybody_gets_another():
    done: list[tuple[str, int]] = []

    def work(name: str, steps: int) -> Iterator[None]:
        for number in range(steps):
            done.append((name, number))
            yield

    round_robin.run([work("large", 3), work("small", 1), work("middle", 2)], 60)
    assert [number for _, number in done] == [0, 0, 0, 1, 1, 2]


def test_nothing_begins_when_the_time_is_over():
    done: list[int] = []

    def work() -> Iterator[None]:
        done.append(1)
        yield

    round_robin.run([work(), work()], 0)
    assert done == []
