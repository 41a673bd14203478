"""The firehose of one tenant holds nobody else's events: the host name decides whose it is."""

from hosting.tenancy import routing
from tests.unit.xrpc.streams.test_consumers import Stream, frames_and_close, stream

__all__ = ["stream"]


def test_a_socket_at_birch_follows_birch(stream: Stream, birch):
    routing.forget()
    assert routing.host_named("birch.localhost")  # remembered, so that no other thread asks
    frames_and_close(host=b"birch.localhost:2583")
    assert stream.asked == ("birch.localhost", {})
