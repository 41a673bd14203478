"""Errors of the asynchronous HTTP client. Their messages are for our log, never for a client."""


class UpstreamError(Exception):
    """No answer that could be handed on."""


class Unreachable(UpstreamError):
    """Bad URL, no address, no connection, no TLS."""


class Forbidden(Unreachable):
    """The URL leads where an untrusted URL must not lead."""


class BadResponse(UpstreamError):
    """The connection broke, or what came back is not HTTP."""


class TimedOut(UpstreamError):
    """No answer, or no further byte of it, in time."""


class Busy(UpstreamError):
    """So many of our calls wait there that one more would only wait, too."""
