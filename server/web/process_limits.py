"""Limits of one web process: what clients may hold of it; operators may set each.

Read at import and never changed. The supervisor imports them too, so that a wrong value ends the
start with a sentence and not one web process after the other. What is no matter of a machine's size
(sizes of pieces, how many requests wait on a connection, sizes of the data model) is a constant
beside its use.
"""

from typing import Final

from server.environment import at_least_one

# --- a head, in server.web.connections.http_protocol
HEAD_BYTES: Final = at_least_one("GROVE_HEAD_BYTES", 65_536)  # request line and headers, trailers
HEADERS: Final = at_least_one("GROVE_HEADERS", 100)
HEAD_S: Final = at_least_one("GROVE_HEAD_SECONDS", 30)  # to send them

# --- how slow a client may be, in server.web.connections.slow_clients and server.web.bodies.streams
IDLE_S: Final = at_least_one("GROVE_IDLE_SECONDS", 60)  # without a byte, either way
SLOWEST_ANSWER_BYTES_PER_S: Final = at_least_one("GROVE_SLOWEST_ANSWER", 8_192)
SLOWEST_UPLOAD_BYTES_PER_S: Final = at_least_one("GROVE_SLOWEST_UPLOAD", 2_048)

# --- long bodies, in server.web.bodies.body_transfers, server.web.asgi_bridge,
# server.web.bodies.buffered_bytes and repos.reads.exports
NETWORK_TRANSFERS: Final = at_least_one("GROVE_TRANSFERS_PER_NETWORK", 32)
TRANSFERS: Final = at_least_one("GROVE_TRANSFERS", 256)
NETWORK_SNAPSHOTS: Final = at_least_one("GROVE_SNAPSHOTS_PER_NETWORK", 2)
SNAPSHOTS: Final = at_least_one("GROVE_SNAPSHOTS", 8)
HELD_BYTES: Final = at_least_one("GROVE_HELD_BYTES", 33_554_432)
BLOCKS_BYTES: Final = at_least_one("GROVE_BLOCKS_BYTES", 64_000_000)  # of one getBlocks

# --- connections, in server.web.connections.network_connections
NETWORK_CONNECTIONS: Final = at_least_one("GROVE_CONNECTIONS_PER_NETWORK", 500)
NETWORK_NEW_CONNECTIONS: Final = at_least_one("GROVE_NEW_CONNECTIONS_PER_NETWORK", 2_000)

# --- sockets and the firehose, in hosting.edge_limits and repos.events.streams.budget
NETWORK_SOCKETS: Final = at_least_one("GROVE_SOCKETS_PER_NETWORK", 16)
BACKFILL_BYTES: Final = at_least_one("GROVE_BACKFILL_BYTES", 32_000_000)

# --- calls that wait for others, and imports, in xrpc.rate_limits
ACCOUNT_CALLS: Final = at_least_one("GROVE_ACCOUNT_CALLS_AT_ONCE", 4)
ACCOUNT_IMPORTS: Final = at_least_one("GROVE_ACCOUNT_IMPORTS_AT_ONCE", 2)
NETWORK_IMPORTS: Final = at_least_one("GROVE_NETWORK_IMPORTS_AT_ONCE", 4)
