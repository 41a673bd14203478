"""One origin, one port: WebSockets to Channels, HTTP to the WSGI handler in threads."""

from django.db import connections
from django.utils.module_loading import import_string

from hosting import environment, wsgi  # first: it sets Django up
from hosting.bridge import Bridge
from hosting.entrance import Entrance
from hosting.proxies import BehindProxies

_bridge = Bridge(
    http=wsgi.application,
    websocket=import_string("xrpc.routing.websockets"),
    lane_of=import_string("xrpc.registry.lane_of"),
    at_end=connections.close_all,
)
_trusted = environment.text("GROVE_TRUSTED_PROXIES")
_entrance = Entrance(_bridge, _trusted)
application = BehindProxies(_entrance, _trusted) if _trusted else _entrance
