"""A tenant's colour as a stylesheet of its own: the content security policy forbids inline styles.

Tenants choose any colour; the pages must stay readable in it. So the colour is moved towards black
or white until it meets WCAG 2.2 AA (1.4.3, a contrast of 4.5) on the page it stands on.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from hosting.routing import host_of

AA_CONTRAST = 4.5
# The backgrounds of static/grove.css on which the colour is hardest to read.
LIGHT_PAGE = "#f1f4f1"  # --page
DARK_PAGE = "#1c1f1d"  # --card
_STEPS = 50

_STYLESHEET = """\
:root {{ --accent: {light}; --on-accent: {on_light}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --accent: {dark}; --on-accent: {on_dark}; }}
}}
"""


@cache_control(public=True, max_age=300)
def stylesheet(request: HttpRequest) -> HttpResponse:
    """The CSS variables `--accent` and `--on-accent` of the host's tenant."""
    colour = host_of(request).tenant.primary_colour
    light, dark = readable_on(colour, LIGHT_PAGE), readable_on(colour, DARK_PAGE)
    css = _STYLESHEET.format(light=light, on_light=text_on(light), dark=dark, on_dark=text_on(dark))
    return HttpResponse(css, content_type="text/css; charset=utf-8")


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
