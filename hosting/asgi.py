"""One origin, one port: WebSockets to Channels, HTTP to the WSGI handler in threads."""

from django.utils.module_loading import import_string

from hosting import wsgi  # first: it sets Django up
from hosting.bridge import Bridge

application = Bridge(
    http=wsgi.application,
    websocket=import_string("xrpc.routing.websockets"),
    lane_of=import_string("xrpc.registry.lane_of"),
)
