"""Numbers of rows as strangers write them: in a cursor, an address, a form."""

from typing import Final

DIGITS_MAX: Final = 18  # all numbers of so many digits fit into a bigint


def read(text: str) -> int | None:
    """The number, None for what Postgres would not take as one."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX
    return int(text) if is_number else None
