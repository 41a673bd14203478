"""Resolution errors: a server's refusal differs from a timeout.

Source: the errors of com.atproto.identity.resolveDid and resolveIdentity.
"""

from protocol.errors import XrpcError


class UnresolvedDid(XrpcError):
    """400: the network answered, and there is no document to be had. Raised as one of its kinds."""

    why = ""  # what a kind's name leaves open


class DidNotFound(UnresolvedDid):
    """400: nobody has this DID."""

    name = "DidNotFound"
    message = "Could not resolve DID: not found"


class DidDeactivated(UnresolvedDid):
    """400: it was ended by its owner (a tombstone)."""

    name = "DidDeactivated"
    message = "The DID has been deactivated"


class DidUnusable(UnresolvedDid):
    """400: a method that this network does not use, or a document that is none."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Could not resolve DID: {why}")
        self.why = why


class HandleNotFound(XrpcError):
    """400: the handle leads to no DID."""

    name = "HandleNotFound"
    message = "Unable to resolve handle"


class NetworkUnavailable(XrpcError):
    """502: whoever would know does not answer, so nothing is known."""

    name = "UpstreamFailure"
    status = 502
