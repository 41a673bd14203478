"""Lexicons, and the DIDs that publish them."""

from typing import Any

from repos.lexicons import publications

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"


OTHER_DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


THING = "com.example.network.thing"


def lexicon_of(nsid: str = THING, **properties: Any) -> dict[str, Any]:
    """A lexicon record whose records have these properties, all required."""
    body = {"type": "object", "properties": properties, "required": list(properties)}
    main = {"type": "record", "key": "any", "record": body}
    defs = {"main": main}
    return {"$type": publications.SCHEMA, "lexicon": 1, "id": nsid, "defs": defs}
