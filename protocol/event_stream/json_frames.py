"""Event stream messages as JSON text: the framing that `xrpc.v1.json` names.

Source: proposal 0015, "JSON Event Stream Encoding" (bluesky-social/proposals). A message is one
object in an envelope, its payload typed by the stream's NSID and the message's name; an error is an
object of its own. Bytes and links are written as the data model's JSON form has them.
"""

import orjson

from protocol import atjson
from protocol.event_stream import frames


def from_frame(nsid: str, frame: bytes) -> bytes:
    """The text (UTF-8) that says what a CBOR frame of the stream `nsid` says. Raises CborError."""
    header, body = frames.parse(frame)
    values = atjson.from_value(body)
    if header["op"] == frames.ERROR_OP:
        return orjson.dumps({"$type": "error", **values})
    payload = {"$type": nsid + header["t"], **values}
    return orjson.dumps({"$type": "message", "payload": payload})
