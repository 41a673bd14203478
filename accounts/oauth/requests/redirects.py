"""The way back to the app: its redirect URI with a code or an error.

Source: RFC 6749 section 4.1.2, OAuth 2.0 Multiple Response Type Encoding Practices (query,
fragment), OAuth 2.0 Form Post Response Mode, RFC 9207 (`iss`). Query and fragment are a 303, so
that a form's body goes nowhere; `form_post` is a page whose form is sent by a script or a button.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

QUERY, FRAGMENT, FORM_POST = "query", "fragment", "form_post"
RESPONSE_MODES = (QUERY, FRAGMENT, FORM_POST)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the browser goes, with which parameters (`iss` and `state` among them), and how."""

    redirect_uri: str
    parameters: Mapping[str, str]
    response_mode: str = QUERY

    @property
    def location(self) -> str:
        """The whole address for a 303; of no use for `form_post`."""
        encoded = urlencode(self.parameters)
        if self.response_mode == FRAGMENT:
            return f"{self.redirect_uri.partition('#')[0]}#{encoded}"
        joint = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{joint}{encoded}"

    @property
    def form_action(self) -> str:
        """The source that a page's `form-action` must allow for its form to end there: a scheme,
        because Chromium holds every redirect after a form to it, those of the app's own servers
        too."""
        return f"{urlsplit(self.redirect_uri).scheme}:"
