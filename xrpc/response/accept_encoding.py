"""Accept-Encoding (RFC 9110 section 12.5.3): which codings a client takes, and how gladly."""

from contextlib import suppress

from protocol.errors import InvalidRequest


def weights(header: str) -> dict[str, float]:
    """What a client takes, from 0 to 1, by coding. Raises InvalidRequest."""
    return dict(map(_parsed, header.split(","))) if header else {}


def accepts(coding: str, header: str) -> bool:
    """Whether a header names a coding, and not with q=0; nothing is taken by one that is none."""
    if coding not in header.lower():
        return False
    with suppress(InvalidRequest):
        return weights(header).get(coding, 0.0) > 0
    return False


def _parsed(item: str) -> tuple[str, float]:
    """`gzip;q=0.5` -> ("gzip", 0.5). Raises InvalidRequest."""
    name, has_weight, parameter = item.strip().partition(";")
    key, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if has_weight else 1.0
    except ValueError:
        weight = -1.0
    is_weight = not has_weight or (key.strip().lower() == "q" and 0 <= weight <= 1)
    if not name.strip() or "=" in name or not is_weight:
        raise InvalidRequest(f'Invalid accept-encoding: "{item}"')
    return name.strip().lower(), weight
