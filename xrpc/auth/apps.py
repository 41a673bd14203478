"""Apps that signed in by OAuth: the access token of a request and the proof of its key.

Source: RFC 9449 section 7, atproto.com/specs/oauth. Every refusal is a 401 with `WWW-Authenticate:
DPoP`, and every answer to a request with a proof carries the next nonce.
"""

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.authentication.live_sessions import SessionEnded
from accounts.oauth.dpop import nonces, proofs
from accounts.oauth.dpop.proofs import Presented, Proof
from accounts.oauth.errors import InvalidAccessToken, OAuthError, challenge
from accounts.oauth.tokens import access_tokens
from accounts.oauth.tokens.access_tokens import AccessToken
from accounts.status import AccountTakedown
from hosting.models import Host
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from protocol.oauth.permissions import permissions_of
from xrpc.request.call import Caller

APP_SCOPE: Final = "oauth"  # in place of a session token's scope
_SCHEME: Final = "dpop "


def caller(request: HttpRequest, host: Host, credential: str) -> Caller:
    """Who calls, by an access token and a proof of the key that it is bound to. Raises OAuthError's
    kinds; whether the session stands is asked with the account or repo."""
    token = access_tokens.read(host, credential)
    header = request.META.get("HTTP_DPOP")
    presented = Presented(header, request.method or "", request.path_info)
    if proofs.check(host, presented, credential).jkt != token.jkt:
        raise InvalidAccessToken("The access token is bound to another DPoP key")
    return _caller(token, access_tokens.scope_of(host, token))


def unspent(host: Host, presented: Presented, credential: str) -> tuple[Caller, Proof] | None:
    """As `caller`, for the event loop: nobody is asked, so the proof may have been used before.
    None where somebody has to be. Raises OAuthError's kinds."""
    token = access_tokens.read(host, credential)
    scope = access_tokens.known_scope(token)
    if scope is None:
        return None
    proof = proofs.verified(host, presented, credential)
    if proof.jkt != token.jkt:
        raise InvalidAccessToken("The access token is bound to another DPoP key")
    return _caller(token, scope), proof


def refuse_without_proof(credential: str) -> None:
    """Raise InvalidAccessToken for an access token of OAuth that comes as a bearer's."""
    if access_tokens.is_one(credential):
        raise InvalidAccessToken("The access token needs the scheme DPoP and a proof")


def is_one(request: HttpRequest) -> bool:
    """Whether a request comes as an app's: by scheme, or with a proof."""
    scheme = request.META.get("HTTP_AUTHORIZATION", "")[: len(_SCHEME)]
    return "HTTP_DPOP" in request.META or scheme.lower() == _SCHEME


def said(request: HttpRequest, error: Exception) -> Exception:
    """An error as apps know it: a session that ended, as all do when the account is taken down, is
    a token that is not good any more."""
    if isinstance(error, SessionEnded | AccountTakedown) and is_one(request):
        return InvalidAccessToken("The session has ended")
    return error


def explain(response: HttpResponseBase, error: XrpcError) -> None:
    """Tell an app what is wrong with its token or proof."""
    if isinstance(error, OAuthError):
        response.status_code = 401
        response["WWW-Authenticate"] = challenge(error)


def mark(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give an app the nonce of its next proof."""
    if is_one(request):
        response["DPoP-Nonce"] = nonces.current(host_of(request))


def _caller(token: AccessToken, scope: str) -> Caller:
    return Caller(token.did, APP_SCOPE, token.session, permissions_of(scope), token.actor)
