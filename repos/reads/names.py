"""Repos by DID or handle: where a statement looks, and the name as it stands there."""

from collections.abc import Mapping
from typing import Final

_BY_DID: Final = {"source": "repo r", "name": "r.did"}
_BY_HANDLE: Final = {"source": "account a JOIN repo r ON r.id = a.id", "name": "a.handle"}
# By whether the name is a DID: the tables and the column, to be filled into a statement's text.
COLUMN: Final[Mapping[bool, Mapping[str, str]]] = {True: _BY_DID, False: _BY_HANDLE}


def parsed(did_or_handle: str) -> tuple[bool, bytes]:
    """Whether it is a DID, and the name encoded: DIDs as they are, handles in lower case."""
    is_did = did_or_handle.startswith("did:")
    return is_did, (did_or_handle if is_did else did_or_handle.lower()).encode()
