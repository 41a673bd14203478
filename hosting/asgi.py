"""The ASGI applications: WebSockets to Channels, HTTP to the WSGI handler in threads; and that of
the process which answers a reverse proxy's questions about certificates and nothing else."""

from typing import Any

from django.db import connections
from django.utils.module_loading import import_string

from server.web import wsgi_handler

# isort: split
# behind the handler, which sets Django up

from hosting.edge_limits import EdgeLimits
from server import allocator, environment
from server.database.connection import conninfo
from server.database.pipeline import Pipeline
from server.web.asgi_bridge import Bridge
from server.web.proxy_headers import BehindProxies

_close_idle_snapshots = import_string("repos.state.long_reads.close_idle")


def _hang_up() -> None:
    """In a thread that had nothing to do for long, and ends: a good moment to give memory back."""
    connections.close_all()
    _close_idle_snapshots()
    allocator.give_back()


_bridge = Bridge(
    http=wsgi_handler.application,
    websocket=import_string("xrpc.streams.routing.websockets"),
    pool_of=import_string("xrpc.registry.pool_of"),
    at_end=_hang_up,
)
_trusted = environment.text("GROVE_TRUSTED_PROXIES")
_reads = Pipeline(conninfo)
_small_reads = import_string("xrpc.small_reads.SmallReads")(_bridge, _reads, files=_bridge)
_certificates = "accounts.identity.handles.certificates"
_checks = import_string(f"{_certificates}.CertificateChecks")
_nothing_else = import_string(f"{_certificates}.nothing_else")


def _limited(app: Any) -> Any:
    limits = EdgeLimits(app, _trusted)
    return BehindProxies(limits, _trusted) if _trusted else limits


application = _limited(_checks(_small_reads, _reads))
certificates = _limited(_checks(_nothing_else, _reads))
