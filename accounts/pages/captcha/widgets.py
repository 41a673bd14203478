"""The captcha on the sign-up page: our own puzzle, or the widget of an outside service.

A widget is somebody else's script. Only the page of a host whose tenant chose that service may load
it, and from that service alone: its content security policy is widened by exactly these sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from accounts.signup import captcha
from hosting.models import Host

OUR_FIELD = "verification_code"


@dataclass(frozen=True)
class Widget:
    """One service: its script, the class of the element that it fills, the field it adds."""

    script: str
    css_class: str
    field: str
    sources: str  # of content security policy


# Source: docs.hcaptcha.com and developers.cloudflare.com/turnstile, "Content Security Policy".
_WIDGETS = {
    "api.hcaptcha.com": Widget(
        "https://js.hcaptcha.com/1/api.js",
        "h-captcha",
        "h-captcha-response",
        "https://hcaptcha.com https://*.hcaptcha.com",
    ),
    "challenges.cloudflare.com": Widget(
        "https://challenges.cloudflare.com/turnstile/v0/api.js",
        "cf-turnstile",
        "cf-turnstile-response",
        "https://challenges.cloudflare.com",
    ),
}


class Captcha:
    """What the sign-up page of a host shows and reads. Without `widget` our own puzzle is asked."""

    bits = captcha.ZERO_BITS

    def __init__(self, host: Host) -> None:
        self.widget = _WIDGETS.get(urlsplit(host.captcha_verify_url).hostname or "")
        self.site_key = host.captcha_site_key
        self.puzzle = captcha.challenge(host)

    def answer_in(self, form: Mapping[str, str]) -> str:
        """The answer in a form that was sent."""
        return form.get(self.widget.field if self.widget else OUR_FIELD, "")

    @property
    def sources(self) -> dict[str, str]:
        """What the page's content security policy must allow besides the usual."""
        if self.widget is None:
            return {}
        names = ("script-src", "frame-src", "style-src", "connect-src")
        return dict.fromkeys(names, self.widget.sources)
