"""Who counts as dropped: whom a stream cut off as too slow, not whose cursor it refused."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from protocol.errors import XrpcError
from repos.events.streams.following import ConsumerTooSlow, FutureCursor
from xrpc.streams.consumers import SubscriptionConsumer


class Counted:
    dropped = 0

    def drop(self) -> None:
        self.dropped += 1


async def broken_off(error: XrpcError) -> AsyncGenerator[list[bytes], None]:
    raise error
    yield []


class Reader(SubscriptionConsumer):
    """One whose stream breaks off."""

    async def end_with(self, error: XrpcError, counted: Counted) -> XrpcError | None:
        self._sent = counted  # type: ignore[assignment]
        return await self._follow(broken_off(error))


@pytest.mark.parametrize(
    ("error", "dropped"),
    [(ConsumerTooSlow("Too slow."), 1), (FutureCursor("Cursor in the future."), 0)],
)
def test_only_a_slow_reader_counts_as_dropped(error: XrpcError, dropped: int) -> None:
    counted = Counted()
    assert asyncio.run(Reader().end_with(error, counted)) is error
    assert counted.dropped == dropped
