"""One web process: `python -m server.web.serve web` (or `plc`, the embedded directory, or
`certificates`, the process that only says which names a certificate may be made for).

Several of them share a port by SO_REUSEPORT, so that none has to hand connections to another and
one that restarts takes nobody else's with it. Text frames are not compressed: the firehose carries
signatures and hashes, and deflate made a delivery 2.7 times dearer (docs/decisions/0004).
"""

import gc
import resource
import sys

import uvicorn

from server import environment, ports
from server.logs import configuration
from server.web.connections import network_connections
from server.web.connections.http_protocol import HttpProtocol
from server.web.connections.websocket_protocol import StreamProtocol

APPLICATIONS = {
    "web": ("hosting.asgi:application", "GROVE_PORT", environment.WEB_PORT),
    "plc": ("hosting.plc_directory.asgi:application", "GROVE_PLC_PORT", 2582),
    "certificates": ("hosting.asgi:certificates", "GROVE_CERTIFICATES_PORT", 0),
}


class WebProtocol(HttpProtocol):
    """That of the processes which untrusted parties reach."""

    per_network = network_connections.from_environment()


PROTOCOLS = {"web": WebProtocol, "plc": HttpProtocol, "certificates": WebProtocol}
KEEP_ALIVE_S = 65  # longer than the 60 s after which common reverse proxies drop an idle connection
PING_S = 30.0  # load balancers cut sockets that are silent for a minute


def main(name: str) -> None:
    """Serve until SIGTERM; requests that run then get five seconds."""
    configuration.configure()
    configuration.log_uncaught()
    _allow_many_connections()
    application, variable, default_port = APPLICATIONS[name]
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=PROTOCOLS[name],
        ws=StreamProtocol,
        ws_max_size=65_536,  # readers have nothing to say
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        lifespan="off" if name == "certificates" else "on",  # it has no threads to start
        log_config=None,
        access_log=False,
        proxy_headers=False,  # server.web.proxy_headers reads them
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
    )
    config.load()
    # What is loaded stays. Looking through it again took 70 ms of every full collection, which any
    # request with a few thousand objects could call up, and nobody was served meanwhile.
    gc.collect()
    gc.freeze()
    port = environment.port(variable, default_port)
    uvicorn.Server(config).run(sockets=ports.shared(port, variable))


def _allow_many_connections() -> None:
    """Every firehose reader is a file; the usual soft limit of 1024 is for programs that fork."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main(sys.argv[1])
