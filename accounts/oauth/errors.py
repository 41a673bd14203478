"""OAuth errors: a name that clients know, a sentence, a status.

Source: RFC 6749 sections 4.1.2.1 and 5.2, RFC 9126, RFC 9449; statuses as clients of the network
meet them: everything is a 400 but a bad proof or token, which are 401.
"""

from django.utils.translation import gettext_lazy as _

from accounts.oauth.jose import ALGORITHMS
from protocol.errors import XrpcError


class OAuthError(XrpcError):
    """A refusal of the authorization server."""

    name = "invalid_request"

    def __init__(self, message: str = "", name: str = "", status: int = 0) -> None:
        super().__init__(message, name=name or self.name, status=status or self.status)


class InvalidRequest(OAuthError):
    """Parameters that are missing, malformed or contradict each other."""


class InvalidClient(OAuthError):
    """The client is unknown, or did not prove who it is. A 400 here, not the 401 of the RFC."""

    name = "invalid_client"


class InvalidClientMetadata(OAuthError):
    """The client's identifier is none, or its document cannot be fetched or breaks a rule."""

    name = "invalid_client_metadata"


class InvalidRedirectUri(InvalidClientMetadata):
    """The client's document has a redirect URI that such a client may not have (RFC 7591). One that
    a request asks for and the document lacks is an InvalidRequest (RFC 9126 section 2.3)."""

    name = "invalid_redirect_uri"


class InvalidScope(OAuthError):
    """A scope that the client may not ask for, or none at all."""

    name = "invalid_scope"


class InvalidGrant(OAuthError):
    """A code or refresh token that is wrong, used, expired, or another client's or key's."""

    name = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """The tenant has blocked the client, or it did not declare the grant."""

    name = "unauthorized_client"
    page_text = _("The people who run this host have blocked this app.")


class UnsupportedGrantType(OAuthError):
    """A grant type that this server does not know."""

    name = "unsupported_grant_type"


class AccessDenied(OAuthError):
    """The person said no, or the request is not theirs to answer."""

    name = "access_denied"


class InvalidDpopProof(OAuthError):
    """401 everywhere: no proof, or one that does not hold for this request."""

    name = "invalid_dpop_proof"
    status = 401


class UseDpopNonce(OAuthError):
    """The proof needs the nonce that comes with the answer: 400 at the authorization server, 401 at
    a resource."""

    name = "use_dpop_nonce"


class InvalidAccessToken(OAuthError):
    """401: the token is not one of ours, has ended, or is bound to another key."""

    name = "invalid_token"
    status = 401


def challenge(error: OAuthError) -> str:
    """`WWW-Authenticate` of a refusal that is about DPoP (RFC 9449 section 7.1)."""
    said = error.message.replace("\\", "").replace('"', "'")
    algorithms = " ".join(ALGORITHMS)
    return f'DPoP error="{error.name}", error_description="{said}", algs="{algorithms}"'
