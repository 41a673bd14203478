"""The endpoints: metadata, keys, pushed requests, tokens, revocation.

Source: RFC 8414, RFC 9728, RFC 9126, RFC 6749, RFC 7009, RFC 9449. The three that ask a client for
its document run in the pool `lookup`: its server is untrusted.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.oauth.clients import authentication, fetching
from accounts.oauth.clients.authentication import ClientAuth
from accounts.oauth.clients.documents import CODE_GRANT, REFRESH_GRANT, Client
from accounts.oauth.clients.fetching import Asker
from accounts.oauth.dpop import proofs
from accounts.oauth.endpoints import metadata, parameters
from accounts.oauth.endpoints.answers import document, endpoint
from accounts.oauth.errors import (
    InvalidClient,
    InvalidDpopProof,
    InvalidGrant,
    InvalidRequest,
    OAuthError,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from accounts.oauth.own_client import documents
from accounts.oauth.requests import pushed_requests
from accounts.oauth.sessions import ending
from accounts.oauth.sessions.exchange import exchange
from accounts.oauth.sessions.presenters import Presenter
from accounts.oauth.sessions.refreshing import refresh
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from hosting.models import Host
from hosting.tenancy.routing import host_of

PUSHED: Final = bucket("oauth-requests", Budget(300, 5 * MINUTE_S))
# Each may have name servers and another host asked, and a request can name twenty.
PUSHED_SETS: Final = bucket("oauth-permission-sets", Budget(600, 5 * MINUTE_S))
KEPT_S: Final = 300


@require_safe
def protected_resource(request: HttpRequest) -> HttpResponse:
    """`/.well-known/oauth-protected-resource`."""
    return document(metadata.of_resource(host_of(request)), KEPT_S)


@require_safe
def authorization_server(request: HttpRequest) -> HttpResponse:
    """`/.well-known/oauth-authorization-server`."""
    return document(metadata.of_server(host_of(request)), KEPT_S)


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """`/oauth/jwks`."""
    return document(metadata.key_set(host_of(request)), KEPT_S)


@require_safe
def own_client(request: HttpRequest) -> HttpResponse:
    """`/oauth/client-metadata.json`: this host as a client of others."""
    return document(documents.document(host_of(request)), KEPT_S)


@endpoint(status=201)
def par(request: WSGIRequest) -> Mapping[str, Any]:
    """`/oauth/par`: a request is checked and kept."""
    host = host_of(request)
    given = parameters.read(request)
    limits.attempt(request, PUSHED, host)
    _charge_sets(request, host, given)
    jkt = _jkt(request, host)
    client, auth = _client(request, host, given, InvalidClient)
    _refuse_one_key(auth, jkt)
    pushed = pushed_requests.push(host, client, auth, given, jkt)
    return {"request_uri": pushed.request_uri, "expires_in": pushed.expires_in}


@endpoint()
def token(request: WSGIRequest) -> Mapping[str, Any]:
    """`/oauth/token`: a code or a refresh token for tokens."""
    host = host_of(request)
    given = parameters.read(request)
    grant = given.get("grant_type", "")
    if not grant:
        raise InvalidRequest("grant_type is required")
    if grant not in (CODE_GRANT, REFRESH_GRANT):
        raise UnsupportedGrantType(f"grant_type must be {CODE_GRANT} or {REFRESH_GRANT}")
    jkt = _jkt(request, host)
    if not jkt:
        raise InvalidDpopProof("DPoP proof required")
    client, auth = _client(request, host, given, InvalidGrant)
    _refuse_one_key(auth, jkt)
    if grant not in client.grant_types:
        raise UnauthorizedClient(f"The client has not declared the grant {grant}")
    presenter = Presenter(client, auth, jkt)
    if grant == CODE_GRANT:
        return exchange(host, presenter, given)
    return _refreshed(request, host, presenter, given)


@endpoint()
def revoke(request: WSGIRequest) -> None:
    """`/oauth/revoke`: 200 for whatever token it is, so that nobody learns which are good."""
    host = host_of(request)
    given = parameters.read(request)
    if "token" not in given:
        raise InvalidRequest("token is required")
    jkt = _jkt(request, host)
    client, auth = _client(request, host, given, InvalidRequest)
    ending.revoke(host, Presenter(client, auth, jkt), given["token"])


def _refreshed(
    request: WSGIRequest, host: Host, presenter: Presenter, given: Mapping[str, str]
) -> Mapping[str, Any]:
    refresh_token = given.get("refresh_token", "")
    if not refresh_token:
        raise InvalidRequest("refresh_token is required")
    try:
        return refresh(host, presenter, refresh_token)
    except InvalidGrant:
        _end_with_lost_key(request, host, presenter.client, refresh_token)
        raise


def _client(
    request: WSGIRequest, host: Host, given: Mapping[str, str], nameless: type[OAuthError]
) -> tuple[Client, ClientAuth]:
    """Who asks, and how they proved it; after the DPoP proof, because clients repeat a request that
    lacks a nonce with the same assertion. `nameless`: what an endpoint calls a missing client_id.
    """
    client_id = given.get("client_id", "")
    if not client_id:
        raise nameless("client_id is required")
    client = fetching.find(client_id, _asker(request))
    try:
        return client, authentication.authenticate(host, client, given, _asker(request))
    except InvalidClient:
        if "refresh_token" in given:  # by a key that the client may have withdrawn
            _end_with_lost_key(request, host, client, given["refresh_token"])
        raise


def _end_with_lost_key(
    request: WSGIRequest, host: Host, client: Client, refresh_token: str
) -> None:
    lost = partial(authentication.has_lost_key, client, asker=_asker(request))
    ending.end_with_lost_key(host, client.client_id, refresh_token, lost)


def _charge_sets(request: WSGIRequest, host: Host, given: Mapping[str, str]) -> None:
    """Charge a network for the permission sets that it names. Raises RateLimitExceeded."""
    count = sum(each.startswith("include") for each in given.get("scope", "").split())
    if count and not limits.is_exempt(request):
        here = limits.network_of(request)
        limits.spend_charges(host, limits.charges(PUSHED_SETS, (), here, count))


def _asker(request: WSGIRequest) -> Asker:
    return Asker("" if limits.is_exempt(request) else limits.network_of(request))


def _jkt(request: WSGIRequest, host: Host) -> str:
    """The key of the request's DPoP proof; empty when it has none."""
    header = request.META.get("HTTP_DPOP")
    if header is None:
        return ""
    return proofs.check(host, proofs.Presented(header, "POST", request.path_info)).jkt


def _refuse_one_key(auth: ClientAuth, jkt: str) -> None:
    if jkt and jkt == auth.jkt:
        raise InvalidRequest("The DPoP key must not be the key of the client assertion")
