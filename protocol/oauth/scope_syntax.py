"""Scope grammar: `resource[:positional][?name=value&name=value]`, read and written.

Source: atproto.com/specs/permission, "Scope String Syntax"; RFC 6749 section 3.3 for the characters
of one scope. Values are percent-encoded; a `#` may stand bare. A `+` is a plus sign, not a space as
in a form: media types have pluses, and no value of a scope has a space.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote_to_bytes

_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN: Final = ":/+,@*!'()"  # beside letters, digits and `-._~`, what is written as it is


class InvalidScope(ValueError):
    """The text is not a scope, or one that nobody here can read."""


@dataclass(frozen=True, slots=True)
class ScopeSyntax:
    """A scope taken apart. `positional` None: there was no colon; values are decoded."""

    resource: str
    positional: str | None = None
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        named = [(name, value) for name, values in self.params.items() for value in values]
        return write(self.resource, self.positional, named)


def read(text: str) -> ScopeSyntax:
    """Take one scope apart. Raises InvalidScope."""
    if not _TOKEN.fullmatch(text):
        raise InvalidScope("a scope has printable ASCII characters without spaces and quotes")
    head, _, query = text.partition("?")
    resource, colon, positional = head.partition(":")
    params: dict[str, tuple[str, ...]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        name = _decoded(name)
        params[name] = (*params.get(name, ()), _decoded(value))
    return ScopeSyntax(resource, _decoded(positional) if colon else None, params)


def write(resource: str, positional: str | None, named: Iterable[tuple[str, str]]) -> str:
    """One scope as text; what needs no encoding has none."""
    head = resource if positional is None else f"{resource}:{_encoded(positional)}"
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in named)
    return f"{head}?{query}" if query else head


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    if _PERCENT.search(text):
        raise InvalidScope("a percent sign is followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise InvalidScope("percent-encoded characters are UTF-8") from None


def _encoded(text: str) -> str:
    return quote(text, safe=_PLAIN)
