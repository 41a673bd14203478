"""Staff auth of com.atproto.admin.*: the host's admin password, its moderation service's token.

Source: com.atproto.admin.*, and atproto.com/specs/xrpc "Inter-Service Authentication". The service
proves itself by a JWT of a minute, made for this host (`aud`) and this method (`lxm`), signed by
`#atproto` or `#atproto_label` of the one DID that the host trusts. Nobody else's DID is even
resolved.
"""

import base64
import binascii
from functools import partial
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from accounts.identity import resolution
from accounts.service_auth import replay_guard, tokens
from accounts.service_auth.tokens import ServiceClaims
from hosting.models import Host, HostQuerySet
from hosting.tenancy import admin_password
from protocol.did.did_document import DidDocument
from protocol.errors import XrpcError
from server.database import connection, model_rows
from xrpc.request.call import Call, Caller
from xrpc.response.errors import AuthenticationRequired

ADMIN_SCOPE: Final = "admin"
MODERATOR_SCOPE: Final = "moderator"
# SQL of small reads: the host $1 has the admin's password that $2 is the hash of.
IS_ADMIN: Final = "EXISTS (SELECT FROM host h WHERE h.id = $1 AND h.admin_password = $2)"


class UntrustedIss(XrpcError):
    """401: a service token of somebody who is not this host's moderation service."""

    name = "UntrustedIss"
    status = 401


def admin(request: HttpRequest, host: Host, credential: str) -> Caller:
    """The caller behind `Basic <credential>`. Raises AuthenticationRequired, RateLimitExceeded."""
    user_name, _, password = _decoded(credential).partition(":")
    if admin_password.is_right(
        _as_it_is(host), user_name, password, request.META.get("REMOTE_ADDR", "")
    ):
        return Caller("", ADMIN_SCOPE)
    raise AuthenticationRequired("Authentication Required")


def known_admin(host: Host, credential: str) -> str:
    """The stored hash for which the password in `Basic <credential>` is right, without asking
    anybody; IS_ADMIN asks whether the host has it still. Raises AuthenticationRequired."""
    user_name, _, password = _decoded(credential).partition(":")
    if found := admin_password.right_for(host, user_name, password):
        return found
    raise AuthenticationRequired("Authentication Required")


def moderator(request: HttpRequest, host: Host, jwt: str) -> Caller:
    """The moderation service behind `Bearer <jwt>`. May wait for the directory, so the methods
    that take it run in the pool `remote`. Raises BadServiceToken and its kinds, UntrustedIss."""
    claims = read_moderator(host, jwt, request.path_info.rpartition("/")[2])
    if request.method == "POST":
        with replay_guard.use_once(host, claims):
            return Caller(claims.did, MODERATOR_SCOPE)
    return Caller(claims.did, MODERATOR_SCOPE)


def read_moderator(host: Host, jwt: str, nsid: str) -> ServiceClaims:
    """The moderation service's token for a method. Raises as `moderator` does."""
    return tokens.verify(
        jwt,
        tokens.audiences_of(host),
        nsid,
        document_of=partial(_trusted_document, host),
        methods=tokens.SERVICE_METHODS,
    )


def moderation_did(host: Host) -> str:
    """The DID that moderates a host: its own choice, in the sandbox the report service's."""
    return host.moderation_did or (settings.REPORT_DID if settings.SANDBOX else "")


def hosts_of(call: Call) -> HostQuerySet:
    """The hosts whose accounts a caller of com.atproto.admin.* may ask about and act on.

    The admin has one, their own. A moderation service knows this deployment by one address: it has
    every host that trusts its DID; to one that trusts another it is as unknown as anybody.
    """
    if call.caller is not None and call.caller.scope == MODERATOR_SCOPE:
        return _trusting(call.did)
    return Host.objects.filter(pk=call.host.pk)


def _as_it_is(host: Host) -> Host:
    """The host's row now: a request knows one of some seconds ago, in which a password or a DID
    that ended may stand (hosting.tenancy.routing)."""
    columns = ", ".join(model_rows.columns(Host))
    row = connection.row(f"SELECT {columns} FROM host WHERE id = %s", (host.pk,))  # noqa: S608 - constants only
    if row is None:
        raise Host.DoesNotExist
    return model_rows.instance(Host, row)


def _trusting(did: str) -> HostQuerySet:
    """The hosts whose `moderation_did` this is."""
    own_choice = Q(moderation_did=did)
    if settings.SANDBOX and did == settings.REPORT_DID:
        return Host.objects.filter(own_choice | Q(moderation_did=""))
    return Host.objects.filter(own_choice)


def _trusted_document(host: Host, did: str, *, fresh: bool = False) -> DidDocument:
    if did != moderation_did(_as_it_is(host)):
        raise UntrustedIss("Untrusted issuer")
    return resolution.resolve_did(did, fresh=fresh)


def _decoded(credential: str) -> str:
    try:
        return base64.b64decode(credential, validate=True).decode()
    except (binascii.Error, ValueError):
        raise AuthenticationRequired("Authentication Required") from None
