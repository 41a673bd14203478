"""Random codes that people copy and type: 80 bits, as four groups of four letters and digits."""

import base64
import secrets
from typing import Final

_RANDOM_BYTES: Final = 10  # 16 characters of base32
_GROUP: Final = 4


def new() -> str:
    """`k3vt-bq2x-7mab-c5de`, lower case."""
    letters = base64.b32encode(secrets.token_bytes(_RANDOM_BYTES)).decode().lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
