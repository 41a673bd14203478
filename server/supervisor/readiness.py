"""Readiness probe: are requests answered through the port, under the public name?"""

import http.client
from urllib.parse import urlsplit

PATHS = ("/xrpc/_health", "/xrpc/com.atproto.server.describeServer")
TIMEOUT_S = 5.0


def answers(port: int, public_url: str) -> bool:
    """Whether the health check and a real method both answer 200."""
    return all(_status(port, path, urlsplit(public_url).netloc) == 200 for path in PATHS)


def directory_answers(port: int) -> bool:
    """Whether the embedded PLC directory answers, without which nobody can sign up."""
    return _status(port, "/_health", "localhost") == 200


def is_nameless(port: int, public_url: str) -> bool:
    """Whether requests are answered, but no host has the public name yet."""
    return _status(port, PATHS[0], urlsplit(public_url).netloc) == 404


def _status(port: int, path: str, name: str) -> int:
    connection = http.client.HTTPConnection("localhost", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Host": name, "Connection": "close"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
