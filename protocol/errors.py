"""The base error: an XRPC error name, a sentence for a person, a status.

Source: atproto.com/specs/xrpc, "Error Responses". Packages subclass `XrpcError` beside the verb
that raises it; one function in `xrpc.response.errors` renders it as JSON and one in
`hosting.pages.security_headers` as a page.
"""


class XrpcError(Exception):
    """A refusal with the lexicon's name. Subclasses set `name` and `status`; data are fields."""

    name = "InvalidRequest"
    status = 400

    def __init__(
        self, message: str = "", *, name: str | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        if name is not None:
            self.name = name
        if status is not None:
            self.status = status


class InvalidRequest(XrpcError):
    """400: the request broke a rule that has no name of its own."""
