"""Accessible colours: whatever a tenant chose can be read.

A colour is moved towards black or white until it meets WCAG 2.2 AA (1.4.3, a contrast of 4.5) on
the ground it stands on.
"""

AA_CONTRAST = 4.5
_STEPS = 50


def readable_on(colour: str, page: str) -> str:
    """The nearest mixture of `#rrggbb` with black or white that has AA contrast on the page."""
    target = 0 if _luminance(page) > 0.5 else 255
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, target, step / _STEPS)
        if contrast(mixed, page) >= AA_CONTRAST:
            return mixed
    return _mixed(colour, target, 1)


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on the colour; one of them always has AA contrast."""
    return max("#ffffff", "#000000", key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two `#rrggbb` colours, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _mixed(colour: str, target: int, share: float) -> str:
    channels = (round(value + (target - value) * share) for value in _channels(colour))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
