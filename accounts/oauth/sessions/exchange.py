"""Exchange: the first tokens of a session, for a code."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from accounts.delegation.acting import DelegationEnded
from accounts.models import OAuthDeviceAccount, OAuthRequest, OAuthSession
from accounts.oauth import scopes
from accounts.oauth.clients import rules
from accounts.oauth.clients.authentication import ClientAuth
from accounts.oauth.errors import InvalidGrant, UnauthorizedClient
from accounts.oauth.requests import controllers
from accounts.oauth.sessions import answers, lifetimes, rows
from accounts.oauth.sessions.presenters import Presenter
from accounts.service_auth import replay_guard
from accounts.status import AccountNotFound, AccountTakedown, lock_for_refresh
from hosting.models import Host
from server.database import model_rows
from server.encryption import digests
from server.encryption.compact_jws import base64url

CHALLENGE_IS_USED_FOR: Final = timedelta(hours=24)
_VERIFIER_CHARS: Final = range(43, 129)  # RFC 7636 section 4.1


def exchange(host: Host, presenter: Presenter, given: Mapping[str, str]) -> dict[str, Any]:
    """The first tokens of a session, for a code. Raises InvalidGrant; InvalidScope when a
    permission set cannot be resolved, which leaves the code good."""
    code_sha256 = digests.sha256(given.get("code", ""))
    found = rows.find_code(host, code_sha256)
    if found is None or found[0].expires_at <= timezone.now():
        _end_replayed(host, code_sha256)
        raise InvalidGrant("The code is unknown, used or expired")
    request, did = found
    try:
        _check(request, presenter, given)
    except InvalidGrant:
        request.delete()
        raise
    scope = scopes.expanded(host, request.granted_scope.split())
    session = _begun(request, did, presenter, scope)
    if session is None:
        _end_replayed(host, code_sha256)
        raise InvalidGrant("The code was used before")
    try:  # only now: who blocks an app ends the sessions that are there by then
        rules.refuse_blocked(host, presenter.client.client_id)
    except UnauthorizedClient:
        session.delete()
        raise
    if not _is_new_challenge(request):
        session.delete()
        raise InvalidGrant("code_challenge was used before")
    return answers.tokens_of(host, session, did, presenter.client)


def _check(request: OAuthRequest, presenter: Presenter, given: Mapping[str, str]) -> None:
    if request.client_id != presenter.client.client_id:
        raise InvalidGrant("The code is another client's")
    if presenter.auth != ClientAuth.of(request.client_auth):
        raise InvalidGrant("The code was asked for with other client credentials")
    if request.dpop_jkt not in ("", presenter.jkt):
        raise InvalidGrant("The code is bound to another DPoP key")
    if given.get("redirect_uri") != request.parameters["redirect_uri"]:
        raise InvalidGrant("redirect_uri is not the one of the request")
    verifier = given.get("code_verifier", "")
    challenge = base64url(hashlib.sha256(verifier.encode(errors="replace")).digest())
    is_right = hmac.compare_digest(challenge, request.parameters["code_challenge"].encode())
    if len(verifier) not in _VERIFIER_CHARS or not is_right:
        raise InvalidGrant("code_verifier does not match")


def _begun(
    request: OAuthRequest, did: str, presenter: Presenter, scope: str
) -> OAuthSession | None:
    """The session of a code; None for one that somebody else has just exchanged."""
    with transaction.atomic():
        try:
            delegation = controllers.locked(request.host, request.delegation_id)
            account = lock_for_refresh(request.host, did)
        except (AccountNotFound, AccountTakedown, DelegationEnded):
            raise InvalidGrant("The account is not active") from None
        if not account.is_active:
            raise InvalidGrant("The account is not active")
        if not rows.use_up(request):
            return None
        now, client = timezone.now(), presenter.client
        ends_at = lifetimes.ends_at(now, client)
        session = OAuthSession(
            account=account,
            client_id=request.client_id,
            client_auth=presenter.auth.stored(),
            dpop_jkt=presenter.jkt,
            granted_scope=request.granted_scope,
            scope=controllers.narrowed(request.host, delegation, scope),
            delegation=delegation,
            actor_did=delegation.controller_did if delegation else "",
            refreshed_at=now,
            code_sha256=request.code_sha256 or "",
            device_id=request.device_id,
            ends_at=ends_at,
            refresh_until=lifetimes.refresh_until(now, client, ends_at),
        )
        model_rows.insert(session)
        return session


def _is_new_challenge(request: OAuthRequest) -> bool:
    """Whether no code was exchanged by this verifier lately: one that serves twice is no secret."""
    forgotten_at = int((timezone.now() + CHALLENGE_IS_USED_FOR).timestamp())
    challenge = request.parameters["code_challenge"]
    return replay_guard.claim(request.host, "code-challenge", challenge, forgotten_at)


def _end_replayed(host: Host, code_sha256: str) -> None:
    """A code that began a session came again: whoever has it may have the browser's cookies."""
    session = OAuthSession.objects.of(host).filter(code_sha256=code_sha256).first()
    if session is None:
        return
    with transaction.atomic():
        OAuthDeviceAccount.objects.filter(
            device_id=session.device_id, account_id=session.account_id
        ).delete()
        session.delete()
