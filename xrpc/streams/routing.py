"""WebSocket routing: JSON streams by their paths, every other `/xrpc/<nsid>` to the consumer, which
knows the streams."""

from channels.routing import URLRouter
from django.urls import re_path

from repos.events.json_streams.encoding import EVENTS_NSID
from xrpc.streams.consumers import SubscriptionConsumer
from xrpc.streams.json_consumers import EventsConsumer, JetstreamConsumer

websockets = URLRouter(
    [
        re_path(r"^subscribe$", JetstreamConsumer.as_asgi()),
        re_path(rf"^xrpc/{EVENTS_NSID.replace('.', '[.]')}$", EventsConsumer.as_asgi()),
        re_path(r"^(?:xrpc/)?(?P<nsid>[^/]*).*$", SubscriptionConsumer.as_asgi()),
    ]
)
