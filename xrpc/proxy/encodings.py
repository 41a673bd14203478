"""Content codings between a client and a service when we may have to read what passes.

Source: RFC 9110 sections 8.4 and 12.5.3. What only passes through is asked for as the client asked.
What we may have to read is asked for in a coding that both the client and we understand, so that
it can be handed on as it is when there is nothing to change.
"""

from typing import Final

from protocol.errors import XrpcError
from server.net.http_client.decoded_answers import AnswerDecoder, Undecodable
from xrpc.response.accept_encoding import weights as weights_of
from xrpc.response.answers import COMPRESS_FROM_BYTES, pack

DECODED_MAX_BYTES = 10_000_000
# Ours, dearest last; sent with weights, as the service shall choose.
_OURS: Final = (("gzip", "1.0"), ("deflate", "0.9"), ("br", "0.8"), ("identity", "0.1"))


class NotAcceptable(XrpcError):
    """406: the client takes no coding that we could read."""

    name = "NotAcceptable"
    status = 406


def offer(accept_encoding: str) -> str:
    """The Accept-Encoding for a service, from the client's. Raises InvalidRequest, 406."""
    weights = weights_of(accept_encoding)
    common = [f"{name};q={ours}" for name, ours in _OURS if _takes(weights, name)]
    if not common:
        raise NotAcceptable("this service does not support any of the requested encodings")
    return ",".join(common if _takes(weights, "identity") else [*common, "*;q=0"])


def packed(text: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """Text of our own in a coding that the client takes, and the headers that say so.

    `accept_encoding` has passed `offer`.
    """
    weights = weights_of(accept_encoding)
    if len(text) < COMPRESS_FROM_BYTES and _takes(weights, "identity"):
        return text, {}
    coding = next((name for name, _ in _OURS if _takes(weights, name)), "identity")
    if coding == "identity":
        return text, {}
    return pack(coding, text), {"Content-Encoding": coding}


def decoded(body: bytes, content_encoding: str, most: int = DECODED_MAX_BYTES) -> bytes:
    """The bytes behind a Content-Encoding, at most so many. Raises Undecodable."""
    decoder = AnswerDecoder(content_encoding)
    pieces: list[bytes] = []
    size = 0
    for piece in decoder.pieces(body):
        size += len(piece)
        if size > most:
            raise Undecodable(f"more than {most} bytes")
        pieces.append(piece)
    decoder.end()
    return b"".join(pieces)


def _takes(weights: dict[str, float], name: str) -> bool:
    weight = weights.get(name, weights.get("*"))
    return name == "identity" if weight is None else weight > 0
