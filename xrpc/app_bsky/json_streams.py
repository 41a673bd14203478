"""network.bsky.jetstream.getZstdDictionary: what JSON streams are compressed with, for subscribers.

Source: that lexicon (github.com/bluesky-social/jetstream).
"""

from protocol.errors import XrpcError
from repos.events.json_streams import compression
from xrpc.auth.declared import Auth
from xrpc.registry import query
from xrpc.request.call import Answer, Call, Whole


class DictionaryNotFound(XrpcError):
    """There is no dictionary of that id here."""

    name = "DictionaryNotFound"


@query("network.bsky.jetstream.getZstdDictionary", auth=Auth.none())
def get_zstd_dictionary(call: Call) -> Answer:
    dictionary = compression.dictionary()
    if call.params.get("id", dictionary.dict_id()) != dictionary.dict_id():
        raise DictionaryNotFound(f"The dictionary here is {dictionary.dict_id()}.")
    return Whole(dictionary.as_bytes(), "application/octet-stream")
