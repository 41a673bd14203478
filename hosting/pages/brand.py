"""A tenant's colour as a stylesheet of its own: the content security policy forbids inline styles.

Tenants choose any colour; the pages must stay readable in it (hosting.pages.colours).
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from hosting.pages.colours import readable_on, text_on
from hosting.tenancy.routing import host_of

# The backgrounds of static/base.css on which the colour is hardest to read.
LIGHT_PAGE = "#f1f4f1"  # --page
DARK_PAGE = "#1c1f1d"  # --card

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
