"""Grove as `make run` starts it, with one app's server on loopback in the place of a public one.

`python -m tests.interop.grove_beside_app PORT`: what Grove asks https://app.example.com goes to
that port of this machine. All else is as ever: the name has to pass every check of the guarded
client, and the certificate is held against the name (SSL_CERT_FILE names the test's own root).
"""

import sys

from server.net.http_client import addresses, pool
from server.net.http_client.messages import Place
from server.supervisor.run import main

APP = "app.example.com"
look_up, connect = addresses.look_up, pool.connect


async def look_up_here(name: str) -> list[str]:
    return ["127.0.0.1"] if name == APP else await look_up(name)


async def connect_here(place, **how):
    scheme, host, port, *rest = place
    port = int(sys.argv[1]) if host == APP else port
    return await connect(Place(scheme, host, port, *rest), **how)


if __name__ == "__main__":
    addresses.look_up, pool.connect = look_up_here, connect_here
    sys.exit(main())
