"""Metrics of event streams: who follows, what they were sent, who was dropped as too slow."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.cache import counters
from server.cache.counters import series


class Sent:
    """What one subscriber was sent; its series are named once."""

    def __init__(self, host: str, stream: str) -> None:
        about = {"host": host, "stream": stream.rpartition(".")[2]}
        self.level = series("grove_stream_subscribers", **about)
        self._messages = series("grove_stream_messages_total", **about)
        self._dropped = series("grove_stream_dropped_total", **about)

    def add(self, count: int) -> None:
        """So many messages more."""
        counters.add(self._messages, count)

    def drop(self) -> None:
        """It was too slow."""
        counters.add(self._dropped)


@contextmanager
def subscriber(host: str, stream: str) -> Iterator[Sent]:
    """One who follows a stream of a host for as long as this lasts."""
    sent = Sent(host, stream)
    counters.move(sent.level, 1)
    try:
        yield sent
    finally:
        counters.move(sent.level, -1)
