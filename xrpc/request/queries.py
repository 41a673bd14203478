"""Query strings: names and values, as the standard library reads them and several times as fast."""

from urllib.parse import parse_qs


def read(text: str) -> dict[str, list[str]]:
    """`parse_qs` with blank values kept; where nothing is escaped, two cuts a parameter do."""
    if "%" in text or "+" in text:
        return parse_qs(text, keep_blank_values=True)
    found: dict[str, list[str]] = {}
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        found.setdefault(name, []).append(value)
    return found
