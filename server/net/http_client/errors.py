"""Errors of the outgoing HTTP client. Their messages are for our log, never for a client.

RequestFailed
    Unreachable       the request certainly did not arrive
        NoSuchHost, Forbidden, Busy
    TimedOut          it may have been acted upon
        BadResponse
            TooLarge
"""


class RequestFailed(Exception):
    """There is no whole answer."""


class Unreachable(RequestFailed):
    """The request certainly did not arrive: bad URL, no address, no connection, no TLS."""


class NoSuchHost(Unreachable):
    """Name servers know no such name, or no address of it."""


class Forbidden(Unreachable):
    """The URL leads where an untrusted URL must not lead, or is none."""


class Busy(Unreachable):
    """So many of our calls wait there that one more would only wait, too."""


class TimedOut(RequestFailed):
    """The request may have been acted upon: no whole answer, or no further byte of it, in time."""


class BadResponse(TimedOut):
    """The same, and not for want of time: the connection broke, or what came is not HTTP."""


class TooLarge(BadResponse):
    """The answer was longer than allowed and was dropped; `status` is what it began with."""

    def __init__(self, max_bytes: int, status: int) -> None:
        super().__init__(f"more than {max_bytes} bytes")
        self.status = status
