"""The relay's events as a JSON stream for applications (repos.events.json_streams)."""

from typing import Final

from relay.events import stream
from repos.events.json_streams.sources import Source

EVENTS: Final = Source(stream.EVENTS)  # its one stream is stream.KEY
