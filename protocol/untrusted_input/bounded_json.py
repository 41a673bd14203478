"""Bounded JSON: untrusted text, read only when it holds as much as a reader can afford.

Source: RFC 8259. Objects, keys and values are counted by their punctuation before anything is
parsed: a text too short to hold too many is not looked at, and only where punctuation in strings
could account for the excess are the strings taken out. How deep objects are nested is seen
afterwards, level by level, where there are more of them than levels allowed.
"""

from typing import Any

import orjson

from protocol.untrusted_input.limits import RECORD, InputLimits


class TooManyValues(ValueError):
    """The text holds more objects, keys, values or levels than we are willing to read."""


def loads(text: bytes, limits: InputLimits = RECORD) -> Any:
    """Parse a JSON text. Raises ValueError: TooManyValues, or what orjson says of its syntax."""
    if len(text) > limits.containers:  # each takes a byte at least
        _check(text, limits)
    value = orjson.loads(text)  # noqa: TID251 - this is the one place for it
    most = limits.depth
    if most is not None and text.count(b"[") + text.count(b"{") > most and _is_deeper(value, most):
        raise TooManyValues(f"more than {most} objects and lists inside one another")
    return value


def _check(text: bytes, limits: InputLimits) -> None:
    if limits.excess(*_punctuation(text)) and (
        excess := limits.excess(*_punctuation(_outside_strings(text, limits)))
    ):
        raise TooManyValues(excess)


def _is_deeper(value: Any, most: int) -> bool:
    """Whether objects and lists lie more than so many levels inside one another."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


def _punctuation(text: bytes) -> tuple[int, int, int]:
    """Containers, keys, and the values that fit between the commas of so many containers."""
    containers = text.count(b"{") + text.count(b"[")
    return containers, text.count(b":"), text.count(b",") + containers


def _outside_strings(text: bytes, limits: InputLimits) -> bytes:
    """The text without its strings. Raises TooManyValues when they are too many already.

    Backslashes come in pairs or before a quote that ends nothing: without both, every quote
    that is left opens or closes a string.
    """
    strings = 1 + limits.keys + limits.values
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")
    pieces = plain.split(b'"', 2 * strings + 1)
    if len(pieces) > 2 * strings + 1:
        raise TooManyValues(f"more than {strings} strings")
    return b"".join(pieces[::2])
