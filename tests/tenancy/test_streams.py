"""The streams of one tenant hold nobody else's events: the host name decides whose they are."""

import pytest

from hosting.tenancy import routing
from moderation.labels import events
from repos.events.json_streams import sources
from repos.events.json_streams.encoding import EVENTS_NSID
from tests.unit.xrpc.streams.test_consumers import Stream, frames_and_close, stream
from tests.unit.xrpc.streams.test_json_consumers import Streams, everything, streams

__all__ = ["stream", "streams"]


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


@pytest.mark.parametrize("path", ["/subscribe", f"/xrpc/{EVENTS_NSID}"])
def test_json_streams_are_those_of_the_host(path: str, streams: Streams, birch) -> None:
    routing.forget()
    assert routing.host_named("birch.localhost")
    everything(path, "cursor=0", host=b"birch.localhost:2583")
    assert streams.asked == [(sources.HOSTS, birch.pk, 0)]
