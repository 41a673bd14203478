"""WebSocket routing: every `/xrpc/<nsid>` to the consumer, which knows the streams."""

from channels.routing import URLRouter
from django.urls import re_path

from xrpc.streams.consumers import SubscriptionConsumer

websockets = URLRouter([re_path(r"^(?:xrpc/)?(?P<nsid>[^/]*).*$", SubscriptionConsumer.as_asgi())])
