"""The streams of one tenant hold nobody else's events: the host name decides whose they are."""

import pytest

from hosting.tenancy import routing
from moderation.labels import events
from tests.unit.xrpc.streams.test_consumers import Stream, frames_and_close, stream

__all__ = ["stream"]


def test_a_socket_at_birch_follows_birch(stream: Stream, birch):
    routing.forget()
    assert routing.host_named("birch.localhost")  # remembered, so that no other thread asks
    frames_and_close(host=b"birch.localhost:2583")
    assert stream.asked == ("birch.localhost", {})


@pytest.mark.parametrize("hostname", ["localhost", "birch.localhost"])
def test_labels_are_those_of_the_hosts_own_tenant(hostname: str, ash, birch, monkeypatch):
    asked = []

    async def follow(tenant_id: int, cursor: int | None):
        asked.append((tenant_id, cursor))
        return
        yield

    async def opened(*asked_for):
        return follow(*asked_for)

    monkeypatch.setattr(events, "follow", opened)
    routing.forget()
    host = routing.host_named(hostname)
    frames_and_close("cursor=0", hostname.encode(), "com.atproto.label.subscribeLabels")
    assert asked == [(host.tenant_id, 0)]
