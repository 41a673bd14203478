"""The base error: an XRPC error name, a sentence for a person, a status.

Source: atproto.com/specs/xrpc, "Error Responses". Packages subclass `XrpcError` beside the verb
that raises it; one function in `xrpc.response.errors` renders it as JSON and one in
`hosting.pages.security_headers` as a page.
"""

from collections.abc import Mapping


class XrpcError(Exception):
    """A refusal with the lexicon's name. Subclasses set `name` and `status`, a `message` that does
    not vary, and for pages `page_text` and `field`; data are fields of the error."""

    name = "InvalidRequest"
    status = 400
    message = ""  # English, as clients know it
    page_text: object = ""  # for people, translated when it is shown; empty: the message will do
    field = ""  # of a form, which the refusal is about

    def __init__(
        self, message: str = "", *, name: str | None = None, status: int | None = None
    ) -> None:
        self.message = message or self.message
        super().__init__(self.message)
        if name is not None:
            self.name = name
        if status is not None:
            self.status = status

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with the answer, whoever renders it."""
        return {}

    def for_page(self) -> str:
        """The sentence that a page shows."""
        return str(self.page_text or self.message)


class InvalidRequest(XrpcError):
    """400: the request broke a rule that has no name of its own."""
