"""Documents of methods that are in none of the lexicons we ship.

Source: atproto proposal 0012 (abuse notices), a sketch: names and bounds may still change; the
lexicons of github.com/bluesky-social/jetstream.
"""

from collections.abc import Mapping
from typing import Any, Final

_ITEMS_MAX: Final = 50
_SUBJECT: Final = {
    "type": "object",
    "required": ["accountDid"],
    "properties": {
        "accountDid": {"type": "string", "format": "did"},
        "records": {
            "type": "array",
            "maxLength": _ITEMS_MAX,
            "items": {"type": "ref", "ref": "#recordRef"},
        },
        "blobCids": {
            "type": "array",
            "maxLength": _ITEMS_MAX,
            "items": {"type": "string", "format": "cid"},
        },
    },
}
_RECORD: Final = {
    "type": "object",
    "required": ["uri"],
    "properties": {
        "uri": {"type": "string", "format": "at-uri"},
        "cid": {"type": "string", "format": "cid"},
    },
}
_INPUT: Final = {
    "type": "object",
    "required": ["noticeId", "authority", "subjects", "abuseType"],
    "properties": {
        "noticeId": {"type": "integer", "minimum": 0},
        "authority": {"type": "string", "format": "did"},
        "subjects": {
            "type": "array",
            "minLength": 1,
            "maxLength": _ITEMS_MAX,
            "items": {"type": "ref", "ref": "#subject"},
        },
        "abuseType": {
            "type": "string",
            "enum": ["media", "legal", "spam", "extremist", "other"],
        },
        "comment": {"type": "string", "maxLength": 20_000, "maxGraphemes": 2_000},
    },
}
PROPOSED: Final[Mapping[str, Mapping[str, Any]]] = {
    "com.atproto.moderation.sendAbuseNotice": {
        "lexicon": 1,
        "id": "com.atproto.moderation.sendAbuseNotice",
        "defs": {
            "main": {
                "type": "procedure",
                "description": "Tell a host of abuse by accounts of it (proposal 0012).",
                "input": {"encoding": "application/json", "schema": _INPUT},
                "output": {
                    "encoding": "application/json",
                    "schema": {
                        "type": "object",
                        "required": ["receivedAt"],
                        "properties": {"receivedAt": {"type": "string", "format": "datetime"}},
                    },
                },
            },
            "subject": _SUBJECT,
            "recordRef": _RECORD,
        },
    },
    "network.bsky.jetstream.getZstdDictionary": {
        "lexicon": 1,
        "id": "network.bsky.jetstream.getZstdDictionary",
        "defs": {
            "main": {
                "type": "query",
                "description": "The zstd dictionary of JSON streams, by its id or the current one.",
                "parameters": {
                    "type": "params",
                    "properties": {"id": {"type": "integer", "minimum": 1}},
                },
                "output": {"encoding": "application/octet-stream"},
                "errors": [{"name": "DictionaryNotFound"}],
            },
        },
    },
}
