"""Service auth callers: people with a service token of their own DID instead of a session.

Source: com.atproto.server.createAccount with `did` (moving in) and com.atproto.repo.uploadBlob (a
service that uploads for a person). The token is made for this host and this method and signed by
the DID's own key; what it does, it does once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.http import HttpRequest

from accounts.lifecycle.account_migration import move_in
from accounts.models import Account
from accounts.service_auth import replay_guard, tokens
from accounts.service_auth.tokens import BadJwtIss, ServiceClaims
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import SIGNING_METHOD
from protocol.untrusted_input import bounded_json
from server.encryption.compact_jws import from_base64url
from xrpc.request.call import Call

SERVICE_SCOPE: Final = "service"  # of a caller without a session


def unproven(request: HttpRequest, host: Host, jwt: str) -> ServiceClaims:
    """What the token of somebody hosted anywhere says; nobody is asked yet whether it is true.
    Raises BadServiceToken and its kinds."""
    return tokens.unproven(jwt, tokens.audiences_of(host), _method(request))


def prove(call: Call) -> None:
    """Have the DID of `call.service` say whether it signed. Asks a server that the client names:
    only after the host's own rules, and in the pool `lookup`. Raises BadServiceToken and its kinds,
    and the errors of `move_in.resolve`."""
    assert call.service is not None  # noqa: S101 - the caller has looked
    tokens.verify(
        call.bearer,
        tokens.audiences_of(call.host),
        call.service.lxm,
        document_of=move_in.resolve,
    )


def own_person(request: HttpRequest, host: Host, jwt: str) -> ServiceClaims:
    """Somebody with an account here, whose key is ours: nobody is asked. Raises BadServiceToken
    and its kinds."""

    def own_document(did: str, *, fresh: bool = False) -> DidDocument:  # noqa: ARG001 - Resolve's shape
        return _document_of(host, did)

    return tokens.verify(jwt, tokens.audiences_of(host), _method(request), document_of=own_document)


def is_service_token(jwt: str) -> bool:
    """Whether a token is bound to a method: service tokens are, sessions never. Nothing is verified
    here; it only decides who does."""
    payload = jwt.split(".")[1:2]
    try:
        claims = bounded_json.loads(from_base64url("".join(payload).encode(errors="replace")))
    except ValueError:
        return False
    return isinstance(claims, dict) and "lxm" in claims


@contextmanager
def spending(call: Call) -> Iterator[None]:
    """Do what the caller's service token is for, once; a session may do it again and again."""
    if call.service is None:
        yield
        return
    with replay_guard.use_once(call.host, call.service):
        yield


def _method(request: HttpRequest) -> str:
    return request.path_info.rpartition("/")[2]


def _document_of(host: Host, did: str) -> DidDocument:
    accounts = Account.objects.of(host).open().filter(did=did, moved_away_at__isnull=True)
    account = accounts.first()
    if account is None:
        raise BadJwtIss("The jwt issuer has no account here")
    method = {
        "id": f"#{SIGNING_METHOD}",
        "type": "Multikey",
        "publicKeyMultibase": account.signing_did_key.removeprefix("did:key:"),
    }
    return DidDocument({"id": did, "verificationMethod": [method]})
